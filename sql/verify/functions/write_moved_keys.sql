-- Verify pgsm:functions/write_moved_keys on pg

select 'pgsm_private.write_moved_keys'::regproc;
