-- Revert pgsm:functions/end_timers from pg

begin;

drop function pgsm_private.end_timers;

commit;
