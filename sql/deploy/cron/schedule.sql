-- Deploy pgsm:cron/schedule to pg
-- requires: cron/cron_functions
-- requires: roles/grants
--
-- pg_cron can be created in one database of a cluster only; elsewhere the deploy
-- goes on without it, and a runner drives the timers.

begin;

do $$
begin
    if current_setting('cron.database_name', true) is distinct from current_database() then
        raise notice 'pg_cron is not in this database: run "pgsm runner --timers", '
            'or create it and call pgsm.enable_cron()';
        return;
    end if;
    create extension if not exists pg_cron;
    grant usage on schema cron to pgsm_scheduler;
    perform pgsm.enable_cron();
end;
$$;

commit;
