-- Verify pgsm:functions/without_paths on pg

select 'pgsm_private.without_paths'::regproc;
