-- Revert pgsm:functions/lasting_moves from pg

begin;

drop function pgsm_private.lasting_moves;

commit;
