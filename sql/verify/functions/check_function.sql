-- Verify pgsm:functions/check_function on pg

select 'pgsm_private.check_function'::regproc;
