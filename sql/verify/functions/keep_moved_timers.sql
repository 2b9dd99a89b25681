-- Verify pgsm:functions/keep_moved_timers on pg

select 'pgsm_private.keep_moved_timers'::regproc;
