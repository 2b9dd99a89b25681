-- Verify pgsm:functions/end_timer_turn on pg

select 'pgsm.end_timer_turn'::regproc;
