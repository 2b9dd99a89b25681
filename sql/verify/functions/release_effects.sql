-- Verify pgsm:functions/release_effects on pg

select 'pgsm.release_effects'::regproc;
