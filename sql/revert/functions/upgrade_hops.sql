-- Revert pgsm:functions/upgrade_hops from pg

begin;

drop function pgsm_private.upgrade_hops;

commit;
