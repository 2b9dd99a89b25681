-- Revert pgsm:functions/record_upgrade_failure from pg

begin;

drop function pgsm_private.record_upgrade_failure;

commit;
