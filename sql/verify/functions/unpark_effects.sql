-- Verify pgsm:functions/unpark_effects on pg

select 'pgsm_private.unpark_effects'::regproc;
