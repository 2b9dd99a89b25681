-- Verify pgsm:functions/upgrade_batch on pg

select 'pgsm.upgrade_batch'::regproc;
