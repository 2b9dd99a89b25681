-- Verify pgsm:functions/begin_timer_turn on pg

select 'pgsm.begin_timer_turn'::regproc;
