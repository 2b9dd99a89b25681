-- Deploy pgsm:functions/stop_timers to pg
-- requires: tables/settings

begin;
set local role pgsm_owner;

create or replace function pgsm.stop_timers (stopped boolean)
  returns void
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    update pgsm_private.settings as s
    set timers_stopped = stop_timers.stopped
    where s.timers_stopped is distinct from stop_timers.stopped;
end;
$$;

comment on function pgsm.stop_timers (boolean) is $comment$
    Ask running run_timers loops to return (true), or allow them again (false).

        select pgsm.stop_timers(true);

    Unscheduling a cron job does not stop the run that is on; this does, within
    a tenth of a second.
$comment$;

commit;
