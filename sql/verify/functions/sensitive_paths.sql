-- Verify pgsm:functions/sensitive_paths on pg

select 'pgsm_private.sensitive_paths'::regproc;
