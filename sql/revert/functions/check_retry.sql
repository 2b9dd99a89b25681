-- Revert pgsm:functions/check_retry from pg

begin;

drop function pgsm_private.check_retry;

commit;
