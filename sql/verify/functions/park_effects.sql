-- Verify pgsm:functions/park_effects on pg

select 'pgsm_private.park_effects'::regproc;
