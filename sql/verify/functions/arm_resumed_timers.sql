-- Verify pgsm:functions/arm_resumed_timers on pg

select 'pgsm_private.arm_resumed_timers'::regproc;
