-- Revert pgsm:functions/output_event from pg

begin;

drop function pgsm_private.output_event;

commit;
