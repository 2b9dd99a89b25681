-- Verify pgsm:functions/passes_filter on pg

select 'pgsm_private.passes_filter'::regproc;
