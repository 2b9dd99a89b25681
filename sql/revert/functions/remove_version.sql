-- Revert pgsm:functions/remove_version from pg

begin;

drop function pgsm_private.remove_version;

commit;
