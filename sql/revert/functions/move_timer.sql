-- Revert pgsm:functions/move_timer from pg

begin;

drop function pgsm.move_timer;

commit;
