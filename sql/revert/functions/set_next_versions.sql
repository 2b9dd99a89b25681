-- Revert pgsm:functions/set_next_versions from pg

begin;

drop function pgsm_private.set_next_versions;

commit;
