-- Revert pgsm:functions/begin_timer_turn from pg

begin;

drop function pgsm.begin_timer_turn;

commit;
