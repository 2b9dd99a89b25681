-- Verify pgsm:functions/lock_batch on pg

select 'pgsm_private.lock_batch'::regproc;
