-- Verify pgsm:functions/record_failure on pg

select 'pgsm_private.record_failure'::regproc;
