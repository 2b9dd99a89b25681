-- Verify pgsm:functions/cron_statements on pg

select 'pgsm.cron_statements'::regproc;
