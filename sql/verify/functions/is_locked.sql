-- Verify pgsm:functions/is_locked on pg

select 'pgsm_private.is_locked'::regproc;
