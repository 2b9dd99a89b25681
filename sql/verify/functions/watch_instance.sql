-- Verify pgsm:functions/watch_instance on pg

select 'pgsm.watch_instance'::regproc;
