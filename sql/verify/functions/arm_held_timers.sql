-- Verify pgsm:functions/arm_held_timers on pg

select 'pgsm_private.arm_held_timers'::regproc;
