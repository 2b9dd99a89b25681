-- Revert pgsm:views/timer_drivers from pg

begin;

drop view pgsm.timer_drivers;

commit;
