-- Verify pgsm:functions/pause_effects on pg

select 'pgsm.pause_effects'::regproc;
