-- Deploy pgsm:functions/end_for_good to pg
-- requires: functions/log_repair
-- requires: functions/arm_held_timers
-- requires: functions/insert_message
-- requires: functions/tell_parent
-- requires: functions/end_timers
-- requires: functions/drop_delayed
-- requires: functions/settle_timers
-- requires: functions/cancel_effects
-- requires: tables/instances
-- requires: tables/upgrades

begin;
set local role pgsm_owner;

create or replace function pgsm_private.end_for_good (
    instance  pgsm_private.instances,
    status    text,
    event     text,
    reason    text
)
  returns pgsm_private.instances
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_instance  pgsm_private.instances;
begin
    v_instance := pgsm_private.log_repair(
        end_for_good.instance, end_for_good.event,
        jsonb_build_object('reason', end_for_good.reason)
    );
    perform pgsm_private.insert_message(v_instance, c.child ->> 'instance', 'pgsm.stop', '{}')
    from jsonb_each(v_instance.work -> 'children') as c (id, child);

    if end_for_good.instance.status in ('active', 'paused') then
        perform pgsm_private.tell_parent(v_instance, null);
    end if;

    update pgsm_private.instances as i
    set status = end_for_good.status,
        finished_at = coalesce(i.finished_at, v_instance.clock),
        context = '{}',
        output = null,
        history = '{}',
        work = '{}',
        tenant = null
    where i.instance_id = v_instance.instance_id
    returning i.* into v_instance;
    delete from pgsm_private.instance_keys as k where k.instance_id = v_instance.instance_id;
    delete from pgsm_private.event_ids as e where e.instance_id = v_instance.instance_id;
    delete from pgsm_private.upgrade_preimages as p where p.instance_id = v_instance.instance_id;
    delete from pgsm_private.upgrade_failures as f where f.instance_id = v_instance.instance_id;

    perform pgsm_private.end_timers(v_instance.instance_id);
    perform pgsm_private.drop_delayed(v_instance.instance_id, v_instance.clock);
    perform pgsm_private.arm_held_timers(v_instance.instance_id);
    perform pgsm_private.settle_timers(v_instance.instance_id, v_instance.status);
    perform pgsm_private.cancel_effects(v_instance.instance_id, v_instance.clock);
    return v_instance;
end;
$$;

comment on function pgsm_private.end_for_good (
    pgsm_private.instances, text, text, text
) is $comment$
    End a locked instance and let go of all that it holds but its log and effects:
    children are told to stop, messages to it are undeliverable, its effects are
    cancelled.  A log row of this event has the reason.

    Lock order: the instance (locked by the caller), its timers, its effects.
$comment$;

commit;
