-- Verify pgsm:functions/context_changes on pg

select 'pgsm_private.context_changes'::regproc;
