-- Verify pgsm:functions/stop_waiting on pg

select 'pgsm.stop_waiting'::regproc;
