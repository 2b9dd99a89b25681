-- Deploy pgsm:functions/resume_instance to pg
-- requires: functions/lock_instance
-- requires: functions/describe_instance
-- requires: functions/check_sendable
-- requires: functions/log_repair
-- requires: functions/arm_held_timers
-- requires: functions/notify_runners
-- requires: tables/effects

begin;
set local role pgsm_owner;

create or replace function pgsm.resume_instance (instance_id text)
  returns pgsm.snapshot
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_instance  pgsm_private.instances;
begin
    v_instance := pgsm_private.lock_instance(resume_instance.instance_id);
    if v_instance.status = 'paused' then
        v_instance := pgsm_private.log_repair(v_instance, 'pgsm.resume', '{}');
        v_instance.status := 'active';
        update pgsm_private.instances as i
        set status = 'active'
        where i.instance_id = v_instance.instance_id;
        perform pgsm_private.arm_held_timers(v_instance.instance_id);

        update pgsm_private.effects as e
        set parked = null
        where e.instance_id = v_instance.instance_id and e.parked = 'instance';
        perform pgsm_private.notify_runners();
    else
        perform pgsm_private.check_sendable(v_instance, null);
    end if;
    return pgsm_private.describe_instance(v_instance, null, null);
end;
$$;

comment on function pgsm.resume_instance (text) is $comment$
    Let a paused instance go on: its held timers fire, those that are due first.

        select * from pgsm.resume_instance('order-42');

    Recorded in the instance's log.  Returns the snapshot.  Raises SM100, or SM110 when it has ended.
$comment$;

commit;
