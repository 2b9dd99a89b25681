-- Revert pgsm:functions/raise_upgrade_refusal from pg

begin;

drop function pgsm_private.raise_upgrade_refusal;

commit;
