-- Revert pgsm:functions/upgrade_all from pg

begin;

drop function pgsm.upgrade_all;

commit;
