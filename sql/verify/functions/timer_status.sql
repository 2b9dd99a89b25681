-- Verify pgsm:functions/timer_status on pg

select 'pgsm.timer_status'::regproc;
