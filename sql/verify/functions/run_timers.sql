-- Verify pgsm:functions/run_timers on pg

select 'pgsm.run_timers'::regproc;
