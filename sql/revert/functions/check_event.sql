-- Revert pgsm:functions/check_event from pg

begin;

drop function pgsm_private.check_event;

commit;
