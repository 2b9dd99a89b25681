-- Verify pgsm:functions/wait_for_effects on pg

select 'pgsm.wait_for_effects'::regproc;
