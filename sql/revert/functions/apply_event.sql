-- Revert pgsm:functions/apply_event from pg

begin;

drop function pgsm_private.apply_event;

commit;
