-- Revert pgsm:functions/cron_jobs from pg

begin;

drop function pgsm.cron_jobs;

commit;
