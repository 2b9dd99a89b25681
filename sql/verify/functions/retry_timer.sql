-- Verify pgsm:functions/retry_timer on pg

select 'pgsm.retry_timer'::regproc;
