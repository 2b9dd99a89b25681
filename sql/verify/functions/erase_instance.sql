-- Verify pgsm:functions/erase_instance on pg

select 'pgsm.erase_instance'::regproc;
