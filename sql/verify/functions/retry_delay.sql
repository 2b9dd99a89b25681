-- Verify pgsm:functions/retry_delay on pg

select 'pgsm_private.retry_delay'::regproc;
