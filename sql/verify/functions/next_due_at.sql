-- Verify pgsm:functions/next_due_at on pg

select 'pgsm_private.next_due_at'::regproc;
