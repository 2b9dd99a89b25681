-- Verify pgsm:functions/find_function on pg

select 'pgsm_private.find_function'::regproc;
