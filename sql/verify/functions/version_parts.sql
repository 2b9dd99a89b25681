-- Verify pgsm:functions/version_parts on pg

select 'pgsm_private.version_parts'::regproc;
