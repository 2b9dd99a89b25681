-- Verify pgsm:functions/spend_effect_limits on pg

select 'pgsm_private.spend_effect_limits'::regproc;
