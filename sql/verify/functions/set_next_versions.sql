-- Verify pgsm:functions/set_next_versions on pg

select 'pgsm_private.set_next_versions'::regproc;
