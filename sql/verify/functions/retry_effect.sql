-- Verify pgsm:functions/retry_effect on pg

select 'pgsm.retry_effect'::regproc;
