-- Revert pgsm:functions/upgrade_rounds from pg

begin;

drop function pgsm_private.upgrade_rounds;

commit;
