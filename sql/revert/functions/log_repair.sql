-- Revert pgsm:functions/log_repair from pg

begin;

drop function pgsm_private.log_repair;

commit;
