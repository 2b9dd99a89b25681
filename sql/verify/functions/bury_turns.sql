-- Verify pgsm:functions/bury_turns on pg

select 'pgsm_private.bury_turns'::regproc;
