-- Revert pgsm:cron/cron_functions from pg

begin;

drop function pgsm.purge_cron_log;
drop function pgsm.disable_cron;
drop function pgsm.enable_cron;

commit;
