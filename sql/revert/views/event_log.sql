-- Revert pgsm:views/event_log from pg

begin;

drop view pgsm.event_log;

commit;
