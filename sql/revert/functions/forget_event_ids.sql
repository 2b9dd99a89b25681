-- Revert pgsm:functions/forget_event_ids from pg

begin;

drop function pgsm.forget_event_ids;

commit;
