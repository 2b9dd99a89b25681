-- Verify pgsm:functions/retention_cutoffs on pg

select 'pgsm_private.retention_cutoffs'::regproc;
