-- Verify pgsm:functions/fire_instance_timers on pg

select 'pgsm_private.fire_instance_timers'::regproc;
