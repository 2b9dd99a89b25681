-- Revert pgsm:functions/undo_problem from pg

begin;

drop function pgsm_private.undo_problem;

commit;
