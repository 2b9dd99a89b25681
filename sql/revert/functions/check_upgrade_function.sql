-- Revert pgsm:functions/check_upgrade_function from pg

begin;

drop function pgsm_private.check_upgrade_function;

commit;
