-- Verify pgsm:functions/preview_upgrades on pg

select 'pgsm.preview_upgrades'::regproc;
