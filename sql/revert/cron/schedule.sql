-- Revert pgsm:cron/schedule from pg

select pgsm.disable_cron();
