-- Revert pgsm:functions/retry_effect from pg

begin;

drop function pgsm.retry_effect;

commit;
