-- Verify pgsm:functions/upgrade_rounds on pg

select 'pgsm_private.upgrade_rounds'::regproc;
