-- Revert pgsm:functions/take_event from pg

begin;

drop function pgsm_private.take_event;

commit;
