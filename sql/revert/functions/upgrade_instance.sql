-- Revert pgsm:functions/upgrade_instance from pg

begin;

drop function pgsm.upgrade_instance;

commit;
