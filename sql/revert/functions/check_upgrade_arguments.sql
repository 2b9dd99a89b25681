-- Revert pgsm:functions/check_upgrade_arguments from pg

begin;

drop function pgsm_private.check_upgrade_arguments;

commit;
