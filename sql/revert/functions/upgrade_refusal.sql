-- Revert pgsm:functions/upgrade_refusal from pg

begin;

drop function pgsm_private.upgrade_refusal;

commit;
