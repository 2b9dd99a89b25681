-- Deploy pgsm:functions/fire_timers to pg
-- requires: functions/due_instances
-- requires: functions/fire_instances
-- requires: functions/drivers_may_run
-- requires: functions/next_due_at

begin;
set local role pgsm_owner;

create or replace function pgsm.fire_timers (batch integer default 25)
  returns pgsm.timer_turn
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_turn  pgsm.timer_turn;
    -- a timer is a subtransaction in that of its instance, and more than 50 make a
    -- transaction slow
    v_most  integer := least(greatest(coalesce(fire_timers.batch, 25), 1), 25);
begin
    if not pgsm_private.drivers_may_run() then
        return row(0, 0, null, true, 0)::pgsm.timer_turn;
    end if;
    v_turn := pgsm_private.fire_instances(pgsm_private.due_instances(null, v_most), v_most);
    v_turn.stopped := (select s.timers_stopped from pgsm_private.settings as s);
    v_turn.next_at := pgsm_private.next_due_at();
    return v_turn;
end;
$$;

comment on function pgsm.fire_timers (integer) is $comment$
    Fire due timers, at most batch (and 25) of them, in this transaction.

        select * from pgsm.fire_timers();

    An instance's due timers are applied in order, each in a subtransaction; one
    that fails is kept with its error and tried again later.  A deadlock and the
    like count no attempt: the instance waits, and the turn ends.  Several sessions
    may do this at once: an instance that is locked is left to whoever has it.
    Fires nothing in a copy that was not adopted (adopt_database).  Returns what
    the turn did: fired, failed, next_at, and stopped when a driver has to stop.
    A driver that must get past a timer that ends its session calls
    begin_timer_turn and run_timer_turn instead.
$comment$;

commit;
