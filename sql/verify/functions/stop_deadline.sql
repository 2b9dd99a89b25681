-- Verify pgsm:functions/stop_deadline on pg

select 'pgsm_private.stop_deadline'::regproc;
