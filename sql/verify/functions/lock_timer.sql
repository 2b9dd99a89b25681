-- Verify pgsm:functions/lock_timer on pg

select 'pgsm_private.lock_timer'::regproc;
