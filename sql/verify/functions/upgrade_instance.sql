-- Verify pgsm:functions/upgrade_instance on pg

select 'pgsm.upgrade_instance'::regproc;
