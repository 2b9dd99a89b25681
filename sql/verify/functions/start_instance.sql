-- Verify pgsm:functions/start_instance on pg

select 'pgsm.start_instance'::regproc;
