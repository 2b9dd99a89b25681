-- Verify pgsm:types/timer_turn on pg

select 'pgsm.timer_turn'::regtype;
