-- Verify pgsm:functions/check_retry on pg

select 'pgsm_private.check_retry'::regproc;
