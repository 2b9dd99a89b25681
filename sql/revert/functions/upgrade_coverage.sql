-- Revert pgsm:functions/upgrade_coverage from pg

begin;

drop function pgsm_private.upgrade_coverage;

commit;
