-- Revert pgsm:functions/record_failure from pg

begin;

drop function pgsm_private.record_failure;

commit;
