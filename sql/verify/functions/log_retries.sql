-- Verify pgsm:functions/log_retries on pg

select 'pgsm_private.log_retries'::regproc;
