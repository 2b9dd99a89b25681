-- Verify pgsm:functions/is_fatal on pg

select 'pgsm_private.is_fatal'::regproc;
