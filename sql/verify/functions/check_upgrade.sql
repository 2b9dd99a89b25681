-- Verify pgsm:functions/check_upgrade on pg

select 'pgsm.check_upgrade'::regproc;
