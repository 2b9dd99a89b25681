-- Verify pgsm:functions/take_upgrade on pg

select 'pgsm_private.take_upgrade'::regproc;
