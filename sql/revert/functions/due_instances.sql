-- Revert pgsm:functions/due_instances from pg

begin;

drop function pgsm_private.due_instances;

commit;
