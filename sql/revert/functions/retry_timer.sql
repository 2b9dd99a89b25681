-- Revert pgsm:functions/retry_timer from pg

begin;

drop function pgsm.retry_timer;

commit;
