-- Verify pgsm:functions/write_family on pg

select 'pgsm_private.write_family'::regproc;
