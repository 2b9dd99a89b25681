-- Revert pgsm:functions/enabled_events from pg

begin;

drop function pgsm.enabled_events;

commit;
