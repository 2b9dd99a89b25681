-- Verify pgsm:functions/preview_instance on pg

select 'pgsm_private.preview_instance'::regproc;
