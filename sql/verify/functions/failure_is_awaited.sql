-- Verify pgsm:functions/failure_is_awaited on pg

select 'pgsm_private.failure_is_awaited'::regproc;
