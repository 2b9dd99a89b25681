-- Deploy pgsm:functions/move_timer to pg
-- requires: functions/repair_timer
--
-- Lock order: the instance, then the timer.

begin;
set local role pgsm_owner;

create or replace function pgsm.move_timer (instance_id text, timer_id text, due_at timestamptz)
  returns text
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_timer  pgsm_private.timers;
begin
    v_timer := pgsm_private.lock_timer(move_timer.instance_id, move_timer.timer_id);
    if move_timer.due_at is null or not isfinite(move_timer.due_at) then
        raise exception 'a timer is due at a point in time'
            using errcode = 'SM201', hint = 'cancel_timer drops it';
    elsif v_timer.status = 'deferred' then
        raise exception 'timer "%" of instance "%" is a deferred event',
            v_timer.timer_id, v_timer.instance_id
            using errcode = 'SM203', hint = 'it is offered again when the configuration changes';
    end if;
    return pgsm_private.repair_timer(v_timer, 'pgsm.move_timer', move_timer.due_at);
end;
$$;

comment on function pgsm.move_timer (text, text, timestamptz) is $comment$
    Make a timer due at another time; one that has failed is armed again.

        select pgsm.move_timer('order-42', '3/1', now() + interval '1 day');

    Recorded in the instance's log.  Returns armed, or held while the instance is
    paused.  Raises SM200 (no such timer), SM201 (no point in time), SM203 (a
    deferred event has no time).
$comment$;

commit;
