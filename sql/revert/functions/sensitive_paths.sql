-- Revert pgsm:functions/sensitive_paths from pg

begin;

drop function pgsm_private.sensitive_paths;

commit;
