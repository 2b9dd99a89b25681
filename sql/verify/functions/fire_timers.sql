-- Verify pgsm:functions/fire_timers on pg

select 'pgsm.fire_timers'::regproc;
