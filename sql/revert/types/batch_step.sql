-- Revert pgsm:types/batch_step from pg

begin;

drop type pgsm_private.batch_step;

commit;
