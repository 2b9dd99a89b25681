-- Deploy pgsm:functions/run_timer_turn to pg
-- requires: types/timer_turn
-- requires: tables/timer_drivers
-- requires: functions/fire_instances
-- requires: functions/drivers_may_run

begin;
set local role pgsm_owner;

create or replace function pgsm.run_timer_turn (driver_id text)
  returns pgsm.timer_turn
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_noted  text[];
    v_turn   pgsm.timer_turn;
begin
    -- locked until the turn ends: that shows the others that it is on
    select d.noted into v_noted
    from pgsm_private.timer_drivers as d
    where d.driver_id = run_timer_turn.driver_id
    for update;
    if v_noted is null or v_noted = '{}' or not pgsm_private.drivers_may_run() then
        return row(0, 0, null, false, 0)::pgsm.timer_turn;
    end if;
    v_turn := pgsm_private.fire_instances(v_noted, 25);
    update pgsm_private.timer_drivers as d
    set noted = '{}'
    where d.driver_id = run_timer_turn.driver_id;
    return v_turn;
end;
$$;

comment on function pgsm.run_timer_turn (text) is $comment$
    Fire the timers that begin_timer_turn has noted for this driver, as fire_timers does.

        select * from pgsm.run_timer_turn('my driver');

    In a transaction of its own, after that of begin_timer_turn.  Does nothing
    where there is no note, or another driver took it for a dead turn's.
    Returns fired and failed.
$comment$;

commit;
