-- Verify pgsm:functions/upgrade_alone on pg

select 'pgsm_private.upgrade_alone'::regproc;
