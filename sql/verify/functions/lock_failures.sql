-- Verify pgsm:functions/lock_failures on pg

select 'pgsm_private.lock_failures'::regproc;
