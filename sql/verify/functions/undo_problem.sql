-- Verify pgsm:functions/undo_problem on pg

select 'pgsm_private.undo_problem'::regproc;
