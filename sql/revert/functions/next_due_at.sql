-- Revert pgsm:functions/next_due_at from pg

begin;

drop function pgsm_private.next_due_at;

commit;
