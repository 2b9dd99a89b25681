-- Revert pgsm:functions/handle_failure from pg

begin;

drop function pgsm_private.handle_failure;

commit;
