-- Verify pgsm:functions/ended_effects on pg

select 'pgsm_private.ended_effects'::regproc;
