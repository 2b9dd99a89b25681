-- Revert pgsm:functions/lock_failures from pg

begin;

drop function pgsm_private.lock_failures;

commit;
