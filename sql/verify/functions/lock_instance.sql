-- Verify pgsm:functions/lock_instance on pg

select 'pgsm_private.lock_instance'::regproc;
