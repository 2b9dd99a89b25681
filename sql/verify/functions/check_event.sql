-- Verify pgsm:functions/check_event on pg

select 'pgsm_private.check_event'::regproc;
