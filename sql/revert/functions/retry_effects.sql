-- Revert pgsm:functions/retry_effects from pg

begin;

drop function pgsm.retry_effects;

commit;
