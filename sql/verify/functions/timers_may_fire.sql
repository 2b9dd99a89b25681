-- Verify pgsm:functions/timers_may_fire on pg

select 'pgsm_private.timers_may_fire'::regproc;
