-- Revert pgsm:functions/send_event from pg

begin;

drop function pgsm.send_event;

commit;
