-- Revert pgsm:functions/lint_machine from pg

begin;

drop function pgsm.lint_machine;

commit;
