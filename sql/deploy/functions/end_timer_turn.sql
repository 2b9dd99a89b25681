-- Deploy pgsm:functions/end_timer_turn to pg
-- requires: tables/timer_drivers

begin;
set local role pgsm_owner;

create or replace function pgsm.end_timer_turn (driver_id text)
  returns void
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    -- suspects are left to whoever looks next
    delete from pgsm_private.timer_drivers as d
    where d.driver_id = end_timer_turn.driver_id and d.suspects = '{}';
    update pgsm_private.timer_drivers as d
    set noted = '{}'
    where d.driver_id = end_timer_turn.driver_id;
end;
$$;

comment on function pgsm.end_timer_turn (text) is $comment$
    Say that a driver of timers stops in good order: what it noted and did not fire
    is left to the others, without an attempt counted.

        select pgsm.end_timer_turn('my driver');
$comment$;

commit;
