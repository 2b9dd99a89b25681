-- Verify pgsm:functions/describe_instance on pg

select 'pgsm_private.describe_instance'::regproc;
