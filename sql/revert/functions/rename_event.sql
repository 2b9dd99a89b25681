-- Revert pgsm:functions/rename_event from pg

begin;

drop function pgsm_private.rename_event;

commit;
