-- Verify pgsm:functions/lint_machine on pg

select 'pgsm.lint_machine'::regproc;
