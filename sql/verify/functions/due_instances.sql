-- Verify pgsm:functions/due_instances on pg

select 'pgsm_private.due_instances'::regproc;
