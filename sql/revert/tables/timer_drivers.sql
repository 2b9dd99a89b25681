-- Revert pgsm:tables/timer_drivers from pg

begin;

drop table pgsm_private.timer_drivers;

commit;
