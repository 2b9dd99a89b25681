-- Deploy pgsm:functions/move_instance to pg
-- requires: functions/delays_of
-- requires: functions/invocations_of
-- requires: functions/raise_upgrade_refusal
-- requires: functions/keep_work
-- requires: functions/evaluate
-- requires: functions/write_step
-- requires: functions/time_text

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
    v_old     pgsm_private.instances := move_instance.instance;
    v_new     pgsm_private.instances := move_instance.instance;
    v_result  jsonb;
begin
    v_result := pgsm_private.evaluate('migrate', array[
        (move_instance.version).checksum,
        null,
        array_to_string(v_old.states, E'\n'),
        v_old.context::text,
        v_old.history::text,
        v_old.work::text,
        move_instance.rules::text,
        pgsm_private.delays_of(v_old)::text,
        pgsm_private.invocations_of(v_old)::text,
        v_old.instance_id,
        v_old.machine,
        (move_instance.version).version::text,
        v_old.parent_id,
        pgsm_private.time_text(move_instance.clock),
        move_instance.actor::text,
        v_old.revision::text,
        null
    ], v_old.machine, (move_instance.version).version);
    if v_result ? 'error' then
        perform pgsm_private.raise_upgrade_refusal(
            v_old, (move_instance.version).version, v_result -> 'error'
        );
    end if;

    update pgsm_private.instances as i
    set version = (move_instance.version).version, checksum = (move_instance.version).checksum
    where i.instance_id = v_old.instance_id
        and i.checksum is distinct from (move_instance.version).checksum;
    v_new.version := (move_instance.version).version;
    v_new.checksum := (move_instance.version).checksum;
    perform pgsm_private.keep_work(
        v_old.instance_id, v_new.version, v_result -> 'kept', move_instance.clock,
        (move_instance.version).time_zone
    );
    perform pgsm_private.write_step(
        v_new, v_result, move_instance.clock, move_instance.origin, move_instance.event,
        move_instance.data || jsonb_strip_nulls(jsonb_build_object('dropped', v_result -> 'dropped')),
        null, move_instance.actor, null
    );
    return case
        when v_result ? 'status' then 'the instance has ended'
        when v_result ? 'messages' then 'it sent messages'
        when v_result ? 'children' then 'it started children'
        when v_result ? 'stops' then 'it stopped children'
    end;
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
