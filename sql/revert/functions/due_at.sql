-- Revert pgsm:functions/due_at from pg

begin;

drop function pgsm_private.due_at;

commit;
