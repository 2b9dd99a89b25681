-- Deploy pgsm:functions/fire_next_timer to pg
-- requires: functions/fire_timer
-- requires: functions/move_before_timer
-- requires: functions/held_back_until
-- requires: functions/record_timer_failure
-- requires: functions/settle_timers
-- requires: functions/is_fatal
-- requires: functions/time_text
-- requires: functions/now

begin;
set local role pgsm_owner;

create or replace function pgsm_private.fire_next_timer (instance_id text)
  returns text
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_instance  pgsm_private.instances;
    v_timer     pgsm_private.timers;
    v_wait      timestamptz;
begin
    -- Locked and changed in this one subtransaction: a row that another one has
    -- locked gets a multixact, which the index of due timers cannot be cleaned of.
    select i.* into v_instance
    from pgsm_private.instances as i
    where i.instance_id = fire_next_timer.instance_id
        and (
            select true
            from pgsm_private.machine_versions as v
            where v.machine = i.machine and v.version = i.version
                and (v.paused or v.timers_held or v.next_version is not null)
        ) is null
    for no key update of i skip locked;
    if v_instance.instance_id is null then
        v_instance := pgsm_private.move_before_timer(fire_next_timer.instance_id);
    end if;
    if v_instance.status is distinct from 'active' then
        perform pgsm_private.settle_timers(fire_next_timer.instance_id, v_instance.status);
        return 'none';
    end if;
    select t.* into v_timer
    from pgsm_private.timers as t
    where t.instance_id = fire_next_timer.instance_id
        and t.status = 'armed' and t.due_at <= pgsm_private.now()
    order by t.event <> 'pgsm.stop', t.due_at, t.armed_at, t.ordinal
    limit 1;
    -- locked apart, since the next one must not take the place of one whose sender
    -- is about to cancel it
    perform
    from pgsm_private.timers as t
    where t.instance_id = v_timer.instance_id and t.timer_id = v_timer.timer_id
    for update skip locked;
    if not found then
        return 'none';
    end if;
    v_wait := pgsm_private.held_back_until(v_timer);
    if v_wait is not null then
        update pgsm_private.timers as t
        set due_at = v_wait
        where t.instance_id = v_timer.instance_id and t.timer_id = v_timer.timer_id;
        return 'held back';
    end if;
    perform pgsm_private.fire_timer(v_instance, v_timer);
    return 'fired';
exception
    when others then
        if pgsm_private.is_fatal(sqlstate) then
            raise;
        end if;
        perform pgsm_private.record_timer_failure(v_timer, jsonb_build_object(
            'code', sqlstate, 'message', sqlerrm, 'at', pgsm_private.time_text(pgsm_private.now())
        ));
        return 'failed';
end;
$$;

comment on function pgsm_private.fire_next_timer (text) is $comment$
    Fire the first of an instance's due timers, in a subtransaction.

    Returns fired; failed, when the row is kept with its error; held back, behind an
    earlier one of its sender; or none, where none is due, or the instance cannot
    take it or is locked.

    Lock order: the instance, its timers; both skip locked.
$comment$;

commit;
