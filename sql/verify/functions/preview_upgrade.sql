-- Verify pgsm:functions/preview_upgrade on pg

select 'pgsm.preview_upgrade'::regproc;
