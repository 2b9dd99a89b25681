-- Revert pgsm:functions/upgrade_instances from pg

begin;

drop procedure pgsm.upgrade_instances;

commit;
