-- Verify pgsm:functions/keyed_instance on pg

select 'pgsm_private.keyed_instance'::regproc;
