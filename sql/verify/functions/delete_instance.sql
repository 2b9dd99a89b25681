-- Verify pgsm:functions/delete_instance on pg

select 'pgsm.delete_instance'::regproc;
