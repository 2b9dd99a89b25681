-- Revert pgsm:views/late_timers from pg

begin;

drop view pgsm.late_timers;

commit;
