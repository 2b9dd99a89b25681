-- Revert pgsm:functions/without_paths from pg

begin;

drop function pgsm_private.without_paths;

commit;
