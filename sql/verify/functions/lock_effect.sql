-- Verify pgsm:functions/lock_effect on pg

select 'pgsm_private.lock_effect'::regproc;
