-- Verify pgsm:functions/stop_timers on pg

select 'pgsm.stop_timers'::regproc;
