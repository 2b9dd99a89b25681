-- Verify pgsm:functions/insert_version on pg

select 'pgsm_private.insert_version'::regproc;
