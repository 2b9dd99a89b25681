-- Revert pgsm:functions/send_events from pg

begin;

drop function pgsm.send_events;

commit;
