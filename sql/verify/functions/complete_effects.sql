-- Verify pgsm:functions/complete_effects on pg

select 'pgsm.complete_effects'::regproc;
