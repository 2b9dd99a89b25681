-- Revert pgsm:functions/move_before_timer from pg

begin;

drop function pgsm_private.move_before_timer;

commit;
