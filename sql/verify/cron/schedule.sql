-- Verify pgsm:cron/schedule on pg

do $$
begin
    if to_regnamespace('cron') is not null then
        assert exists (
            select from cron.job
            where jobname = 'pgsm_run_timers' and username = 'pgsm_scheduler'
                and database = current_database()
        ), 'the job that fires timers is not scheduled';
    end if;
end;
$$;
