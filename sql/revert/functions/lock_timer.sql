-- Revert pgsm:functions/lock_timer from pg

begin;

drop function pgsm_private.lock_timer;

commit;
