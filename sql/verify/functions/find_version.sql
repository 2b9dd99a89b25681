-- Verify pgsm:functions/find_version on pg

select 'pgsm_private.find_version'::regproc;
