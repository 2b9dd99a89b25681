-- Deploy pgsm:cron/cron_functions to pg
-- requires: functions/cron_jobs
-- requires: functions/cron_statements
-- requires: functions/stop_timers
-- requires: functions/make_log_partitions
--
-- Owned by pgsm_scheduler, since a job runs as the role that schedules it; pg_cron
-- need not be there yet, so nothing of schema cron is named until they run.

begin;

create or replace function pgsm.enable_cron (schedulers integer default 1)
  returns void
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    if not exists (select from pg_extension as e where e.extname = 'pg_cron') then
        raise exception 'pg_cron is not installed in database "%"', current_database()
            using errcode = 'SM202',
            -- which one that is only a superuser may read
            detail = 'it works in one database of a cluster, which cron.database_name names',
            hint = format(
                E'there a superuser runs:%s\n'
                    'or, in this database: create extension pg_cron; grant usage on schema '
                    'cron to pgsm_scheduler;\nwithout pg_cron run "pgsm runner --timers"',
                (
                    select string_agg(E'\n' || s.s, '')
                    from pgsm.cron_statements(enable_cron.schedulers) as s (s)
                ));
    end if;
    perform pgsm.stop_timers(false);
    perform cron.unschedule(j.jobid)
    from cron.job as j
    where j.jobname ~ '^pgsm_run_timers_[0-9]+(_odd)?$' and j.username = 'pgsm_scheduler'
        and j.jobname not in (select c.jobname from pgsm.cron_jobs(enable_cron.schedulers) as c);
    perform cron.schedule(c.jobname, c.schedule, c.command)
    from pgsm.cron_jobs(enable_cron.schedulers) as c;
end;
$$;

alter function pgsm.enable_cron (integer) owner to pgsm_scheduler;

comment on function pgsm.enable_cron (integer) is $comment$
    Fire timers under pg_cron: schedules the jobs pgsm_run_timers and
    pgsm_run_timers_odd (a loop of a minute, by turns), pgsm_make_log_partitions
    (daily), pgsm_run_retention (hourly, to run once a day) and pgsm_purge_cron_log
    (hourly).

        select pgsm.enable_cron();
        select pgsm.enable_cron(schedulers => 2);

    More than one scheduler is for more throughput: pgsm_run_timers_2 and so on.
    The deploy calls it where pg_cron is installed.  Raises SM202 where it is not;
    where it is in another database of the cluster, the hint has the statements
    that a superuser runs there.
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
        perform cron.unschedule(j.jobid)
        from cron.job as j
        where j.username = 'pgsm_scheduler'
            and j.jobname ~ '^pgsm_(run_timers(_[0-9]+)?(_odd)?|make_log_partitions|run_retention|purge_cron_log)$';
    end if;
end;
$$;

alter function pgsm.disable_cron () owner to pgsm_scheduler;

comment on function pgsm.disable_cron () is $comment$
    Stop firing timers under pg_cron: unschedules the jobs and stops the loops.

        select pgsm.disable_cron();

    Timers wait, none is lost.  enable_cron() starts again.  Jobs that another
    database's pg_cron runs here go on to be started, and return at once; there
    cron.unschedule removes them, and stop_timers(false) lets them work again.
$comment$;

create or replace function pgsm.purge_cron_log ()
  returns bigint
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
declare
    v_purged  bigint;
begin
    if not exists (select from pg_extension as e where e.extname = 'pg_cron') then
        return 0;
    end if;
    -- the policy of pg_cron's table shows a role its own jobs' rows
    delete from cron.job_run_details as d
    where d.username = 'pgsm_scheduler'
        and d.database = current_database()
        and d.end_time < now() - interval '1 day'
        and d.command in (select j.command from pgsm.cron_jobs() as j);
    get diagnostics v_purged = row_count;
    return v_purged;
end;
$$;

alter function pgsm.purge_cron_log () owner to pgsm_scheduler;

comment on function pgsm.purge_cron_log () is $comment$
    Delete what pg_cron has logged of pgsm's jobs more than a day ago.

        select pgsm.purge_cron_log();

    An hourly job calls it.  Returns how many rows were deleted, 0 where there is no
    pg_cron.  Other jobs' rows stay.
$comment$;

revoke execute on function pgsm.enable_cron (integer), pgsm.disable_cron (), pgsm.purge_cron_log ()
    from public;

commit;
