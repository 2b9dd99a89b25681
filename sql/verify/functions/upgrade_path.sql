-- Verify pgsm:functions/upgrade_path on pg

select 'pgsm.upgrade_path'::regproc;
