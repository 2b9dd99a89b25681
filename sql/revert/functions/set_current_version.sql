-- Revert pgsm:functions/set_current_version from pg

begin;

drop function pgsm.set_current_version;

commit;
