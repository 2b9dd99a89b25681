-- Revert pgsm:functions/fire_timers from pg

begin;

drop function pgsm.fire_timers;

commit;
