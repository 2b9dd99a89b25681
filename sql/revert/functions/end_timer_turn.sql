-- Revert pgsm:functions/end_timer_turn from pg

begin;

drop function pgsm.end_timer_turn;

commit;
