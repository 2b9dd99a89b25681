-- Verify pgsm:functions/rename_event on pg

select 'pgsm_private.rename_event'::regproc;
