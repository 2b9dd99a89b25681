-- Verify pgsm:functions/upgrade_instances on pg

select 'pgsm.upgrade_instances'::regproc;
