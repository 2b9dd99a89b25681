-- Verify pgsm:functions/write_keys on pg

select 'pgsm_private.write_keys'::regproc;
