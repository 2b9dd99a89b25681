-- Revert pgsm:functions/keep_moved_timers from pg

begin;

drop function pgsm_private.keep_moved_timers;

commit;
