-- Verify pgsm:functions/check_upgrade_function on pg

select 'pgsm_private.check_upgrade_function'::regproc;
