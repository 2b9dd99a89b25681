-- Verify pgsm:functions/find_instances on pg

select 'pgsm.find_instances'::regproc;
