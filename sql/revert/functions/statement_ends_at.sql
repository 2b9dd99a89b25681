-- Revert pgsm:functions/statement_ends_at from pg

begin;

drop function pgsm_private.statement_ends_at;

commit;
