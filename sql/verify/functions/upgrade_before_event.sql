-- Verify pgsm:functions/upgrade_before_event on pg

select 'pgsm_private.upgrade_before_event'::regproc;
