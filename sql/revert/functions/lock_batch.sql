-- Revert pgsm:functions/lock_batch from pg

begin;

drop function pgsm_private.lock_batch;

commit;
