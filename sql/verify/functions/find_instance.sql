-- Verify pgsm:functions/find_instance on pg

select 'pgsm_private.find_instance'::regproc;
