-- Verify pgsm:functions/retry_effects on pg

select 'pgsm.retry_effects'::regproc;
