-- Verify pgsm:functions/lock_instances on pg

select 'pgsm_private.lock_instances'::regproc;
