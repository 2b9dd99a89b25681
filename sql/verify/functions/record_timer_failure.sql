-- Verify pgsm:functions/record_timer_failure on pg

select 'pgsm_private.record_timer_failure'::regproc;
