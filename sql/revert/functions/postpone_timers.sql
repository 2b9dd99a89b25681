-- Revert pgsm:functions/postpone_timers from pg

begin;

drop function pgsm_private.postpone_timers;

commit;
