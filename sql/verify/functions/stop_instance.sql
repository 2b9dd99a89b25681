-- Verify pgsm:functions/stop_instance on pg

select 'pgsm.stop_instance'::regproc;
