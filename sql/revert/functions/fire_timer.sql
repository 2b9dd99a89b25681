-- Revert pgsm:functions/fire_timer from pg

begin;

drop function pgsm_private.fire_timer;

commit;
