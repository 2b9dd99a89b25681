-- Verify pgsm:functions/pause_instance on pg

select 'pgsm.pause_instance'::regproc;
