-- Deploy pgsm:functions/repair_timer to pg
-- requires: functions/lock_timer
-- requires: functions/log_repair

begin;
set local role pgsm_owner;

create or replace function pgsm_private.repair_timer (
    timer   pgsm_private.timers,
    event   text,
    due_at  timestamptz
)
  returns text
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_timer     pgsm_private.timers := repair_timer.timer;
    v_instance  pgsm_private.instances;
    v_status    text;
begin
    select i.* into v_instance
    from pgsm_private.instances as i
    where i.instance_id = v_timer.instance_id;
    if repair_timer.due_at is null then
        delete from pgsm_private.timers as t
        where t.instance_id = v_timer.instance_id and t.timer_id = v_timer.timer_id;
        v_status := 'cancelled';
    else
        update pgsm_private.timers as t
        set due_at = repair_timer.due_at,
            status = case when v_instance.status = 'paused' then 'held' else 'armed' end,
            attempts = 0
        where t.instance_id = v_timer.instance_id and t.timer_id = v_timer.timer_id
        returning t.status into v_status;
    end if;
    if v_instance.instance_id is not null then
        perform pgsm_private.log_repair(v_instance, repair_timer.event, jsonb_build_object(
            'timer', v_timer.timer_id, 'event', v_timer.event, 'was_due_at', v_timer.due_at,
            'due_at', repair_timer.due_at, 'was', v_timer.status,
            'last_error', v_timer.last_error
        ));
    end if;
    return v_status;
end;
$$;

comment on function pgsm_private.repair_timer (pgsm_private.timers, text, timestamptz) is $comment$
    Change a locked timer for an operator, and record it in its instance's log: due at
    another time, with all its attempts; or gone, where due_at is null.
$comment$;

commit;
