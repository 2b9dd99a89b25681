-- Verify pgsm:functions/diff_versions on pg

select 'pgsm.diff_versions'::regproc;
