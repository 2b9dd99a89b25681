-- Verify pgsm:functions/instance_exists on pg

select 'pgsm_private.instance_exists'::regproc;
