-- Revert pgsm:views/timers from pg

begin;

drop view pgsm.timers;

commit;
