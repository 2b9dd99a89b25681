-- Deploy pgsm:functions/migrate_round to pg
-- requires: functions/migrate_arguments
-- requires: functions/answer_each
-- requires: functions/evaluate
-- requires: engine/validate

begin;
set local role pgsm_owner;

create or replace function pgsm_private.migrate_round (
    moves    pgsm_private.batch_step[],
    version  pgsm_private.machine_versions,
    rules    jsonb,
    actor    jsonb
)
  returns pgsm_private.batch_step[]
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_open     pgsm_private.batch_step[] := migrate_round.moves;
    v_done     pgsm_private.batch_step[] := '{}';
    v_results  jsonb;
begin
    -- the engine has the plan then, and does not ask for the document
    perform pgsm_private.evaluate(
        'prepare', array[(migrate_round.version).checksum, null],
        (migrate_round.version).machine, (migrate_round.version).version
    );
    v_open := pgsm_private.map_contexts(
        v_open, (migrate_round.version).checksum, migrate_round.rules
    );
    while v_open <> '{}' loop
        v_results := pgsm_engine.call('migrations', pgsm_private.migrate_arguments(
            v_open, migrate_round.version, migrate_round.rules, migrate_round.actor
        ))::jsonb;
        v_open := array(
            select row(z.place, z.instance, z.clock, z.event, z.result)::pgsm_private.batch_step
            from rows from (unnest(v_open), jsonb_array_elements(v_results)) as z
                (place, instance, clock, event, none, result)
        );
        v_done := v_done || array(
            select m
            from unnest(v_open) as m
            where m.result #>> '{question,kind}' is distinct from 'validate'
        );
        -- a look at a value by a schema does nothing else: it is answered for all
        v_open := array(
            select row(m.place, m.instance, m.clock, coalesce(m.event, '[]')
                || jsonb_build_array(jsonb_build_object('value', pgsm_engine.validate(
                    m.result #> '{question,schema}', m.result #> '{question,value}'))),
                null)::pgsm_private.batch_step
            from unnest(v_open) as m
            where m.result #>> '{question,kind}' = 'validate'
        );
    end loop;
    return v_done;
end;
$$;

comment on function pgsm_private.migrate_round (
    pgsm_private.batch_step[], pgsm_private.machine_versions, jsonb, jsonb
) is $comment$
    What the engine makes of instances that move to a version by rules, in a few calls:
    each one's result, an error, or a question that has to be answered for it alone;
    with the answers so far as its event.
$comment$;

commit;
