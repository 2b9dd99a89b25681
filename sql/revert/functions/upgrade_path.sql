-- Revert pgsm:functions/upgrade_path from pg

begin;

drop function pgsm.upgrade_path;

commit;
