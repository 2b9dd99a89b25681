-- Revert pgsm:functions/write_moves from pg

begin;

drop function pgsm_private.write_moves;

commit;
