-- Verify pgsm:functions/hold_paused_timers on pg

select 'pgsm_private.hold_paused_timers'::regproc;
