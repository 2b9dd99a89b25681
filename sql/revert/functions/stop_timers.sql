-- Revert pgsm:functions/stop_timers from pg

begin;

drop function pgsm.stop_timers;

commit;
