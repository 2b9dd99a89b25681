-- Revert pgsm:functions/upgrade_batch from pg

begin;

drop function pgsm.upgrade_batch;

commit;
