-- Revert pgsm:functions/upgrade_set from pg

begin;

drop function pgsm_private.upgrade_set;

commit;
