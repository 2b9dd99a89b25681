-- Verify pgsm:functions/fire_instances on pg

select 'pgsm_private.fire_instances'::regproc;
