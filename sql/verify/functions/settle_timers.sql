-- Verify pgsm:functions/settle_timers on pg

select 'pgsm_private.settle_timers'::regproc;
