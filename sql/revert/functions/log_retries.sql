-- Revert pgsm:functions/log_retries from pg

begin;

drop function pgsm_private.log_retries;

commit;
