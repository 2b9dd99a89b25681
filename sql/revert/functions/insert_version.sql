-- Revert pgsm:functions/insert_version from pg

begin;

drop function pgsm_private.insert_version;

commit;
