-- Deploy pgsm:functions/cron_jobs to pg
-- requires: functions/run_timers

begin;
set local role pgsm_owner;

create or replace function pgsm.cron_jobs (schedulers integer default 1)
  returns table (jobname text, schedule text, command text)
  language plpgsql
  immutable
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    -- a cron command is exactly one statement.  Two jobs a loop, in turn: each begins
    -- before the other ends, so that there is no gap, and where one hangs the other
    -- goes on
    return query
    select
        'pgsm_run_timers' || case when n.n > 1 then '_' || n.n else '' end || m.suffix,
        m.schedule, 'call pgsm.run_timers()'::text
    from generate_series(1, least(greatest(coalesce(cron_jobs.schedulers, 1), 1), 16)) as n (n)
    cross join (
        values ('', '*/2 * * * *'), ('_odd', '1-59/2 * * * *')
    ) as m (suffix, schedule)
    union all
    values
        ('pgsm_make_log_partitions', '17 3 * * *', 'select pgsm.make_log_partitions()'),
        ('pgsm_run_retention', '7 * * * *', 'call pgsm.run_retention(every => ''20 hours'')'),
        ('pgsm_purge_cron_log', '43 * * * *', 'select pgsm.purge_cron_log()');
end;
$$;

comment on function pgsm.cron_jobs (integer) is $comment$
    The jobs that enable_cron schedules, with so many loops that fire timers (at
    most 16): two jobs for each loop, one begins in even minutes and one in odd.

        select * from pgsm.cron_jobs();

    Returns jobname, schedule and command, as cron.schedule takes them.
$comment$;

commit;
