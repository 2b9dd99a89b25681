-- Verify pgsm:functions/get_instance on pg

select 'pgsm.get_instance'::regproc;
