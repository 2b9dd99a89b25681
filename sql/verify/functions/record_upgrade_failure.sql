-- Verify pgsm:functions/record_upgrade_failure on pg

select 'pgsm_private.record_upgrade_failure'::regproc;
