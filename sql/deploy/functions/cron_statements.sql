-- Deploy pgsm:functions/cron_statements to pg
-- requires: functions/cron_jobs

begin;
set local role pgsm_owner;

create or replace function pgsm.cron_statements (schedulers integer default 1)
  returns setof text
  language plpgsql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    -- the log is in pg_cron's database, so it is purged there
    return query
    select case j.jobname
        when 'pgsm_purge_cron_log' then format(
            'select cron.schedule(%L, %L, %L);', j.jobname || '@' || current_database(), j.schedule,
            format(
                'delete from cron.job_run_details where username = %L and database = %L '
                    'and end_time < now() - interval ''1 day''',
                'pgsm_scheduler', current_database()))
        else format(
            'select cron.schedule_in_database(%L, %L, %L, %L, %L);',
            j.jobname || '@' || current_database(), j.schedule, j.command,
            current_database(), 'pgsm_scheduler')
        end
    from pgsm.cron_jobs(cron_statements.schedulers) as j;
end;
$$;

comment on function pgsm.cron_statements (integer) is $comment$
    What a superuser runs in pg_cron's database where that is another one than this:
    the jobs of cron_jobs for this database.

        select * from pgsm.cron_statements();

    Returns a statement a row.  To run them again changes nothing.  `pgsm deploy`
    runs them where it can connect.
$comment$;

commit;
