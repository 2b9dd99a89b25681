-- Revert pgsm:functions/retry_delay from pg

begin;

drop function pgsm_private.retry_delay;

commit;
