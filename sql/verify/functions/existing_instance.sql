-- Verify pgsm:functions/existing_instance on pg

select 'pgsm_private.existing_instance'::regproc;
