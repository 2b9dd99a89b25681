-- Verify pgsm:cron/cron_functions on pg

select 'pgsm.enable_cron'::regproc;
select 'pgsm.disable_cron'::regproc;
select 'pgsm.purge_cron_log'::regproc;
