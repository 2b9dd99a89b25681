-- Revert pgsm:functions/run_timers from pg

begin;

drop procedure pgsm.run_timers;

commit;
