-- Verify pgsm:functions/statement_ends_at on pg

select 'pgsm_private.statement_ends_at'::regproc;
