-- Revert pgsm:functions/run_timer_turn from pg

begin;

drop function pgsm.run_timer_turn;

commit;
