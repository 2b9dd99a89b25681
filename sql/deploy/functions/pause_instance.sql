-- Deploy pgsm:functions/pause_instance to pg
-- requires: functions/lock_instance
-- requires: functions/check_sendable
-- requires: functions/describe_instance
-- requires: functions/log_repair
-- requires: tables/effects

begin;
set local role pgsm_owner;

create or replace function pgsm.pause_instance (instance_id text)
  returns pgsm.snapshot
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_instance  pgsm_private.instances;
begin
    v_instance := pgsm_private.lock_instance(pause_instance.instance_id);
    if v_instance.status not in ('active', 'paused') then
        perform pgsm_private.check_sendable(v_instance, null);
    end if;
    if v_instance.status = 'paused' then
        return pgsm_private.describe_instance(v_instance, null, null);
    end if;
    v_instance := pgsm_private.log_repair(v_instance, 'pgsm.pause', '{}');
    v_instance.status := 'paused';
    update pgsm_private.instances as i
    set status = 'paused'
    where i.instance_id = v_instance.instance_id;
    -- one that its sender is about to cancel is held by a driver, should that be undone
    update pgsm_private.timers as t
    set status = 'held'
    from (
        select a.timer_id
        from pgsm_private.timers as a
        where a.instance_id = v_instance.instance_id and a.status = 'armed'
        for update skip locked
    ) as a
    where t.instance_id = v_instance.instance_id and t.timer_id = a.timer_id;

    -- claims would walk over them
    update pgsm_private.effects as e
    set parked = 'instance'
    where e.instance_id = v_instance.instance_id
        and e.kind = 'invoke' and e.status in ('pending', 'retrying');
    return pgsm_private.describe_instance(v_instance, null, null);
end;
$$;

comment on function pgsm.pause_instance (text) is $comment$
    Stop delivering events and timers to an instance until it is resumed.

        select * from pgsm.pause_instance('order-42');

    Sent events are refused (SM111), posted ones and timers wait and keep their
    due time.  Recorded in the instance's log.  Returns the snapshot.  Raises SM100, or SM110 when it has ended.
$comment$;

commit;
