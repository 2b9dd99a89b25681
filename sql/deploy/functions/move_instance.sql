-- Deploy pgsm:functions/move_instance to pg
-- requires: functions/migrate_arguments
-- requires: functions/raise_upgrade_refusal
-- requires: functions/evaluate
-- requires: functions/write_moves
-- requires: functions/lasting_moves

begin;
set local role pgsm_owner;

create or replace function pgsm_private.move_instance (
    instance  pgsm_private.instances,
    version   pgsm_private.machine_versions,
    rules     jsonb,
    origin    text,
    event     text,
    data      jsonb,
    actor     jsonb,
    clock     timestamptz
)
  returns text
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_version  integer := (move_instance.version).version;
    v_move     pgsm_private.batch_step;
    v_moves    pgsm_private.batch_step[];
begin
    v_move.place := 1;
    v_move.instance := move_instance.instance;
    v_move.clock := move_instance.clock;
    v_move.result := pgsm_private.evaluate('migrate', array(
        select unnest(pgsm_private.migrate_arguments(
            array[v_move], move_instance.version, move_instance.rules, move_instance.actor))
    ), (v_move.instance).machine, v_version);
    if v_move.result ? 'error' then
        perform pgsm_private.raise_upgrade_refusal(
            v_move.instance, v_version, v_move.result -> 'error'
        );
    end if;
    v_move.event := jsonb_build_object(
        'event', move_instance.event,
        'data', move_instance.data
            || jsonb_strip_nulls(jsonb_build_object('dropped', v_move.result -> 'dropped'))
    );
    v_moves := pgsm_private.write_moves(
        array[v_move], move_instance.version, move_instance.origin, move_instance.actor
    );
    return pgsm_private.lasting_moves(v_moves) ->> (v_move.instance).instance_id;
end;
$$;

comment on function pgsm_private.move_instance (
    pgsm_private.instances, pgsm_private.machine_versions, jsonb, text, text, jsonb, jsonb, timestamptz
) is $comment$
    Move a locked instance to a version by rules: map the states, the context, the
    timers and invocations, keep what was, settle.  Returns what of that cannot be undone, if
    anything.

    Lock order: the instance, its timers, its effects.
$comment$;

commit;
