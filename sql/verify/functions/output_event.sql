-- Verify pgsm:functions/output_event on pg

select 'pgsm_private.output_event'::regproc;
