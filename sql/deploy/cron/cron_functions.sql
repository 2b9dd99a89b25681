-- Deploy pgsm:cron/cron_functions to pg
-- requires: functions/run_timers
-- requires: functions/stop_timers
-- requires: functions/make_log_partitions
--
-- Owned by pgsm_scheduler, since a job runs as the role that schedules it; pg_cron
-- need not be there yet, so nothing of schema cron is named until they run.

begin;

create or replace function pgsm.enable_cron ()
  returns void
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (select from pg_extension as e where e.extname = 'pg_cron') then
        raise exception 'pg_cron is not installed in database "%"', current_database()
            using errcode = 'SM202',
            detail = 'it works in one database of a cluster, which cron.database_name names',
            hint = 'there, create extension pg_cron and grant usage on schema cron to '
                'pgsm_scheduler; elsewhere run "pgsm runner --timers"';
    end if;
    perform pgsm.stop_timers(false);
    -- a cron command is exactly one statement
    perform cron.schedule('pgsm_run_timers', '* * * * *', 'call pgsm.run_timers()');
    perform cron.schedule('pgsm_make_log_partitions', '17 3 * * *', 'select pgsm.make_log_partitions()');
end;
$$;

alter function pgsm.enable_cron () owner to pgsm_scheduler;

comment on function pgsm.enable_cron () is $comment$
    Fire timers under pg_cron: schedules the jobs pgsm_run_timers (each minute,
    a loop of a minute) and pgsm_make_log_partitions (daily).

        select pgsm.enable_cron();

    The deploy calls it where pg_cron is installed.  Raises SM202 where it is not.
$comment$;

create or replace function pgsm.disable_cron ()
  returns void
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
begin
    -- unscheduling does not stop a loop that runs; this does
    perform pgsm.stop_timers(true);
    if exists (select from pg_extension as e where e.extname = 'pg_cron') then
        perform cron.unschedule(j.jobname)
        from cron.job as j
        where j.jobname in ('pgsm_run_timers', 'pgsm_make_log_partitions');
    end if;
end;
$$;

alter function pgsm.disable_cron () owner to pgsm_scheduler;

comment on function pgsm.disable_cron () is $comment$
    Stop firing timers under pg_cron: unschedules the jobs and stops the loop.

        select pgsm.disable_cron();

    Timers wait, none is lost.  enable_cron() starts again.
$comment$;

revoke execute on function pgsm.enable_cron (), pgsm.disable_cron () from public;

commit;
