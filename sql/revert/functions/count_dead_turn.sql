-- Revert pgsm:functions/count_dead_turn from pg

begin;

drop function pgsm_private.count_dead_turn;

commit;
