-- Deploy pgsm:functions/stop_instance to pg
-- requires: functions/lock_instance
-- requires: functions/end_state_work
-- requires: functions/describe_instance
-- requires: functions/check_sendable
-- requires: functions/insert_message
-- requires: functions/tell_parent
-- requires: functions/end_timers
-- requires: functions/drop_delayed
-- requires: functions/log_repair
-- requires: functions/arm_held_timers

begin;
set local role pgsm_owner;

create or replace function pgsm.stop_instance (instance_id text, reason text default null)
  returns pgsm.snapshot
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_instance  pgsm_private.instances;
begin
    v_instance := pgsm_private.lock_instance(stop_instance.instance_id);
    if v_instance.status not in ('active', 'paused') then
        perform pgsm_private.check_sendable(v_instance, null);
    end if;
    v_instance := pgsm_private.log_repair(
        v_instance, 'pgsm.stop', jsonb_build_object('reason', stop_instance.reason)
    );
    v_instance.status := 'stopped';
    update pgsm_private.instances as i
    set status = 'stopped', finished_at = v_instance.clock
    where i.instance_id = v_instance.instance_id;
    perform pgsm_private.insert_message(v_instance, c.child ->> 'instance', 'pgsm.stop', '{}')
    from jsonb_each(v_instance.work -> 'children') as c (id, child);
    perform pgsm_private.tell_parent(v_instance, stop_instance.reason);
    perform pgsm_private.end_timers(v_instance.instance_id);
    perform pgsm_private.drop_delayed(v_instance.instance_id, v_instance.clock);
    -- what waited for the end of a pause: a driver finds it undeliverable
    perform pgsm_private.arm_held_timers(v_instance.instance_id);
    perform pgsm_private.end_state_work(
        v_instance.instance_id, v_instance.states || array[''], v_instance.clock
    );
    return pgsm_private.describe_instance(v_instance, null, null);
end;
$$;

comment on function pgsm.stop_instance (text, text) is $comment$
    End an instance where it stands, for good; no exit actions run.

        select * from pgsm.stop_instance('order-42', 'ordered twice');

    Its timers and waiting invocations end, running ones are asked to stop, its
    children stop, and its parent gets error.invoke.<id>.  Returns the snapshot.  Raises SM100, or SM110 when it has ended before.
$comment$;

commit;
