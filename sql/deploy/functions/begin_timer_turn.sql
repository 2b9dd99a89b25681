-- Deploy pgsm:functions/begin_timer_turn to pg
-- requires: types/timer_turn
-- requires: functions/due_instances
-- requires: functions/bury_turns
-- requires: functions/see_driver
-- requires: functions/drivers_may_run
-- requires: functions/next_due_at

begin;
set local role pgsm_owner;

create or replace function pgsm.begin_timer_turn (driver_id text, kind text default 'other')
  returns pgsm.timer_turn
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_driver    pgsm_private.timer_drivers;
    v_suspects  text[];
    v_noted     text[];
begin
    if not pgsm_private.drivers_may_run()
        or (select s.timers_stopped from pgsm_private.settings as s)
    then
        return row(0, 0, null, true, 0)::pgsm.timer_turn;
    end if;
    v_driver := pgsm_private.see_driver(begin_timer_turn.driver_id, begin_timer_turn.kind);
    v_suspects := pgsm_private.bury_turns(v_driver.driver_id);
    v_noted := coalesce(v_suspects[1:1], '{}');
    if v_noted = '{}' then
        v_noted := pgsm_private.due_instances(v_driver.driver_id, 25);
    end if;
    if v_noted = '{}' then
        return row(0, 0, pgsm_private.next_due_at(), false, 0)::pgsm.timer_turn;
    end if;
    update pgsm_private.timer_drivers as d
    set noted = v_noted, suspects = coalesce(v_suspects[2:], '{}'),
        noted_at = clock_timestamp(), pid = pg_backend_pid()
    where d.driver_id = v_driver.driver_id;
    -- to lose the note is no harm, and to wait for the disk twice a turn would be
    perform set_config('synchronous_commit', 'off', true);
    return row(0, 0, null, false, cardinality(v_noted))::pgsm.timer_turn;
end;
$$;

comment on function pgsm.begin_timer_turn (text, text) is $comment$
    Begin a turn of a driver of timers: note the instances whose timers are due.

        select * from pgsm.begin_timer_turn('my driver');
        -- commit; then, where noted > 0:
        select * from pgsm.run_timer_turn('my driver');

    A note that was committed and never taken back is a dead turn's: a call in it
    hung until the statement timeout, or took the session with it.  Whoever
    finds it fires its instances one a turn; where one dies again, that is an
    attempt of its timer, which backs off.  Each driver has a name of its own; kind
    is cron, runner or other.  The commit after it does not wait for the disk.
    Returns noted, next_at, stopped.
$comment$;

commit;
