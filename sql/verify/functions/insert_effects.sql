-- Verify pgsm:functions/insert_effects on pg

select 'pgsm_private.insert_effects'::regproc;
