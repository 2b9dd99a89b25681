-- Verify pgsm:functions/remove_version on pg

select 'pgsm_private.remove_version'::regproc;
