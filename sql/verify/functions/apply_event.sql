-- Verify pgsm:functions/apply_event on pg

select 'pgsm_private.apply_event'::regproc;
