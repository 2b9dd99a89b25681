-- Revert pgsm:cron/cron_functions from pg

begin;

drop function pgsm.disable_cron;
drop function pgsm.enable_cron;

commit;
