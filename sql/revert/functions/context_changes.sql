-- Revert pgsm:functions/context_changes from pg

begin;

drop function pgsm_private.context_changes;

commit;
