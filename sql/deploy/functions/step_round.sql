-- Deploy pgsm:functions/step_round to pg
-- requires: types/batch_step
-- requires: functions/evaluate
-- requires: functions/time_text
-- requires: functions/now

begin;
set local role pgsm_owner;

create or replace function pgsm_private.step_round (round jsonb, actor jsonb)
  returns pgsm_private.batch_step[]
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_now        timestamptz := pgsm_private.now();
    v_actor      text := step_round.actor::text;
    v_steps      pgsm_private.batch_step[];
    v_arguments  text[];
    v_results    jsonb;
begin
    select
        array_agg(row(r.place, r.i, r.clock, r.event, null)::pgsm_private.batch_step),
        array_agg(array[
            (r.i).checksum,
            null,
            array_to_string((r.i).states, E'\n'),
            (r.i).context::text,
            (r.i).history::text,
            (r.i).work::text,
            r.event ->> 'event',
            (r.event -> 'data')::text,
            case when r.event ? 'event_id' then
                jsonb_build_object('id', r.event -> 'event_id')::text end,
            'event',
            (r.i).instance_id,
            (r.i).machine,
            (r.i).version::text,
            (r.i).parent_id,
            pgsm_private.time_text(r.clock),
            v_actor,
            (r.i).revision::text,
            null
        ])
    into v_steps, v_arguments
    from (
        select e.place, e.event, i, greatest(v_now, i.clock) as clock
        from jsonb_array_elements(step_round.round) with ordinality as e (event, place)
        join pgsm_private.instances as i on i.instance_id = e.event ->> 'instance_id'
        where i.status = 'active'
            -- one whose version is paused or left is sent on its own
            and (
                select true
                from pgsm_private.machine_versions as v
                where v.machine = i.machine and v.version = i.version
                    and (v.paused or v.next_version is not null)
            ) is null
            and not e.event ? 'expected_revision'
            and not exists (
                select
                from pgsm_private.event_ids as d
                where d.instance_id = e.event ->> 'instance_id'
                    and d.event_id = e.event ->> 'event_id'
            )
        order by e.place
    ) as r;
    if v_steps is null then
        return '{}';
    end if;
    -- the engine has the plans then, and no step asks for a document
    perform pgsm_private.evaluate('prepare', array[v.checksum, null], v.machine, v.version)
    from (
        select distinct (s.instance).checksum, (s.instance).machine, (s.instance).version
        from unnest(v_steps) as s
    ) as v;
    v_results := pgsm_engine.call('steps', v_arguments)::jsonb;
    if jsonb_typeof(v_results) <> 'array' then
        return '{}';
    end if;
    return array(
        select row(z.place, z.instance, z.clock, z.event, z.result)::pgsm_private.batch_step
        from rows from (unnest(v_steps), jsonb_array_elements(v_results)) as z
            (place, instance, clock, event, none, result)
    );
end;
$$;

comment on function pgsm_private.step_round (jsonb, jsonb) is $comment$
    What the engine makes of events of different instances, in one call.  Left out
    are those that need more than their instance's row: it is not active, the event
    id is known, a revision is expected.
$comment$;

commit;
