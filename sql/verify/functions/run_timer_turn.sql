-- Verify pgsm:functions/run_timer_turn on pg

select 'pgsm.run_timer_turn'::regproc;
