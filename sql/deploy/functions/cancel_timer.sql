-- Deploy pgsm:functions/cancel_timer to pg
-- requires: functions/repair_timer
--
-- Lock order: the instance, then the timer.

begin;
set local role pgsm_owner;

create or replace function pgsm.cancel_timer (instance_id text, timer_id text)
  returns text
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_timer  pgsm_private.timers;
begin
    v_timer := pgsm_private.lock_timer(cancel_timer.instance_id, cancel_timer.timer_id);
    return pgsm_private.repair_timer(v_timer, 'pgsm.cancel_timer', null);
end;
$$;

comment on function pgsm.cancel_timer (text, text) is $comment$
    Drop a timer, a message or a deferred event: it never fires.

        select pgsm.cancel_timer('order-42', '3/1');

    Recorded in the instance's log.  Returns cancelled.  Raises SM200.
$comment$;

commit;
