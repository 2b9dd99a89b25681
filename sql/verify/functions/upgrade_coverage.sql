-- Verify pgsm:functions/upgrade_coverage on pg

select 'pgsm_private.upgrade_coverage'::regproc;
