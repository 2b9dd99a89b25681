-- Verify pgsm:functions/postpone_timers on pg

select 'pgsm_private.postpone_timers'::regproc;
