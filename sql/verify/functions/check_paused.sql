-- Verify pgsm:functions/check_paused on pg

select 'pgsm_private.check_paused'::regproc;
