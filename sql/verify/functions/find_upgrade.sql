-- Verify pgsm:functions/find_upgrade on pg

select 'pgsm_private.find_upgrade'::regproc;
