-- Verify pgsm:functions/upgrade_set on pg

select 'pgsm_private.upgrade_set'::regproc;
