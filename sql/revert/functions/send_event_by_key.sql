-- Revert pgsm:functions/send_event_by_key from pg

begin;

drop function pgsm.send_event_by_key;

commit;
