-- Deploy pgsm:functions/retry_timer to pg
-- requires: functions/repair_timer
-- requires: functions/now
--
-- Lock order: the instance, then the timer.

begin;
set local role pgsm_owner;

create or replace function pgsm.retry_timer (instance_id text, timer_id text)
  returns text
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_timer  pgsm_private.timers;
begin
    v_timer := pgsm_private.lock_timer(retry_timer.instance_id, retry_timer.timer_id);
    if v_timer.status not in ('failed', 'undeliverable') and v_timer.attempts = 0 then
        raise exception 'timer "%" of instance "%" has not failed',
            v_timer.timer_id, v_timer.instance_id
            using errcode = 'SM203', detail = format('it is %s', v_timer.status),
                hint = 'move_timer makes it due at another time';
    end if;
    return pgsm_private.repair_timer(v_timer, 'pgsm.retry_timer', pgsm_private.now());
end;
$$;

comment on function pgsm.retry_timer (text, text) is $comment$
    Try a timer again that has failed, or could not be delivered: it is due now, with
    all its attempts.

        select pgsm.retry_timer('order-42', '3/1');

    Recorded in the instance's log.  Returns armed, or held while the instance is
    paused.  Raises SM200 (no such timer), SM203 (it has not failed).
$comment$;

commit;
