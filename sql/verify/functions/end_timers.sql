-- Verify pgsm:functions/end_timers on pg

select 'pgsm_private.end_timers'::regproc;
