-- Verify pgsm:functions/hold_back_effects on pg

select 'pgsm_private.hold_back_effects'::regproc;
