-- Verify pgsm:functions/handle_failure on pg

select 'pgsm_private.handle_failure'::regproc;
