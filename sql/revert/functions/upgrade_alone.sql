-- Revert pgsm:functions/upgrade_alone from pg

begin;

drop function pgsm_private.upgrade_alone;

commit;
