-- Deploy pgsm:functions/write_commands to pg
-- requires: functions/end_state_work
-- requires: functions/insert_timers
-- requires: functions/insert_effects
-- requires: functions/cancel_sent
-- requires: functions/cancel_invocations
-- requires: functions/release_deferred
-- requires: functions/end_timers
-- requires: functions/drop_delayed
-- requires: tables/instances

begin;
set local role pgsm_owner;

create or replace function pgsm_private.write_commands (
    instance  pgsm_private.instances,
    result    jsonb
)
  returns void
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_instance  pgsm_private.instances := write_commands.instance;
    v_result    jsonb := write_commands.result;
begin
    if v_result ? 'exited' then
        perform pgsm_private.end_state_work(
            v_instance.instance_id,
            array(select jsonb_array_elements_text(v_result -> 'exited')),
            v_instance.clock
        );
    end if;
    if v_result ? 'cancel' then
        perform pgsm_private.cancel_sent(v_instance.instance_id, v_result -> 'cancel');
    end if;
    if v_result ? 'rearmed' then
        delete from pgsm_private.timers as t
        using jsonb_to_recordset(v_result -> 'rearmed') as r (state text, delay text)
        where t.instance_id = v_instance.instance_id
            and t.kind = 'after' and t.state = r.state and t.delay = r.delay;
    end if;
    if v_result ? 'release' then
        perform pgsm_private.release_deferred(v_instance.instance_id, v_instance.clock);
    end if;
    if v_result ? 'timers' or v_result ? 'messages' then
        perform pgsm_private.insert_timers(v_instance, v_result);
    end if;
    if v_result ? 'cancelled' then
        perform pgsm_private.cancel_invocations(
            v_instance.instance_id, null, v_result -> 'cancelled', v_instance.clock
        );
    end if;
    if v_result ? 'effects' then
        perform pgsm_private.insert_effects(v_instance, v_result);
    end if;
    if v_result ? 'keys' then
        perform pgsm_private.write_keys(v_instance, v_result -> 'keys');
    end if;
    if v_result ? 'stops' or v_result ? 'children' or v_result ? 'status' then
        perform pgsm_private.write_family(v_instance, v_result);
    end if;
    if v_instance.status in ('done', 'stopped') then
        perform pgsm_private.end_timers(v_instance.instance_id);
    end if;
    if v_result ? 'discards' then
        perform pgsm_private.drop_delayed(v_instance.instance_id, v_instance.clock);
    end if;
end;
$$;

comment on function pgsm_private.write_commands (pgsm_private.instances, jsonb) is $comment$
    Write what a step did beside its instance: timers, then effects (the lock
    order), keys, children (whose rows are new).  The instance is locked and carries the step's revision.
$comment$;

commit;
