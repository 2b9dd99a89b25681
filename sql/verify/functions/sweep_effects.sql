-- Verify pgsm:functions/sweep_effects on pg

select 'pgsm_private.sweep_effects'::regproc;
