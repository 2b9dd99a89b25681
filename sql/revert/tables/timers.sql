-- Revert pgsm:tables/timers from pg

begin;

drop table pgsm_private.timers;

commit;
