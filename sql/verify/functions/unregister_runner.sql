-- Verify pgsm:functions/unregister_runner on pg

select 'pgsm.unregister_runner'::regproc;
