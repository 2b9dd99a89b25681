-- Revert pgsm:tables/event_log from pg

begin;

drop table pgsm_private.event_log_default;
drop table pgsm_private.event_log;

commit;
