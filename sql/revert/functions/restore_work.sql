-- Revert pgsm:functions/restore_work from pg

begin;

drop function pgsm_private.restore_work;

commit;
