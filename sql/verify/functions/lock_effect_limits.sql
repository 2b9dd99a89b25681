-- Verify pgsm:functions/lock_effect_limits on pg

select 'pgsm_private.lock_effect_limits'::regproc;
