-- Verify pgsm:functions/cron_jobs on pg

select 'pgsm.cron_jobs'::regproc;
