-- Revert pgsm:functions/find_version from pg

begin;

drop function pgsm_private.find_version;

commit;
