-- Revert pgsm:functions/check_batch from pg

begin;

drop function pgsm_private.check_batch;

commit;
