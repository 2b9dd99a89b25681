-- Revert pgsm:functions/write_step from pg

begin;

drop function pgsm_private.write_step;

commit;
