-- Verify pgsm:functions/due_at on pg

select 'pgsm_private.due_at'::regproc;
