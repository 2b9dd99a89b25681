-- Verify pgsm:functions/cancel_effects on pg

select 'pgsm_private.cancel_effects'::regproc;
