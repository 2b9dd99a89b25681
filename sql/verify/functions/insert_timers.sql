-- Verify pgsm:functions/insert_timers on pg

select 'pgsm_private.insert_timers'::regproc;
