-- Verify pgsm:functions/upgrade_all on pg

select 'pgsm.upgrade_all'::regproc;
