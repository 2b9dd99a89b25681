-- Revert pgsm:functions/fire_next_timer from pg

begin;

drop function pgsm_private.fire_next_timer;

commit;
