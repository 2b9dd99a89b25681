-- Verify pgsm:functions/is_awaited on pg

select 'pgsm_private.is_awaited'::regproc;
