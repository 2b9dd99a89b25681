-- Revert pgsm:types/timer_turn from pg

begin;

drop type pgsm.timer_turn;

commit;
