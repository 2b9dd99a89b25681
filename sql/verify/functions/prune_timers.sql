-- Verify pgsm:functions/prune_timers on pg

select 'pgsm_private.prune_timers'::regproc;
