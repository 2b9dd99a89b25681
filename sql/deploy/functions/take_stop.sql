-- Deploy pgsm:functions/take_stop to pg
-- requires: functions/evaluate
-- requires: functions/write_step
-- requires: functions/raise_refusal
-- requires: functions/time_text
-- requires: functions/now

begin;
set local role pgsm_owner;

create or replace function pgsm_private.take_stop (
    instance  pgsm_private.instances,
    actor     jsonb
)
  returns pgsm.snapshot
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_instance  pgsm_private.instances := take_stop.instance;
    v_clock     timestamptz := greatest(pgsm_private.now(), v_instance.clock);
    v_result    jsonb;
begin
    v_result := pgsm_private.evaluate('stop', array[
        v_instance.checksum,
        null,
        array_to_string(v_instance.states, E'\n'),
        v_instance.context::text,
        v_instance.history::text,
        v_instance.work::text,
        v_instance.instance_id,
        v_instance.machine,
        v_instance.version::text,
        v_instance.parent_id,
        pgsm_private.time_text(v_clock),
        take_stop.actor::text,
        v_instance.revision::text,
        null
    ], v_instance.machine, v_instance.version);
    if v_result ? 'error' then
        perform pgsm_private.raise_refusal(
            v_result -> 'error', 'pgsm.stop',
            v_instance.instance_id, v_instance.machine, v_instance.version
        );
    end if;
    return pgsm_private.write_step(
        v_instance, v_result, v_clock, 'message', 'pgsm.stop', '{}', null, take_stop.actor,
        null
    );
end;
$$;

comment on function pgsm_private.take_stop (pgsm_private.instances, jsonb) is
    'Stop a locked child: it leaves its states, with their exit actions, and stops its own children.';

commit;
