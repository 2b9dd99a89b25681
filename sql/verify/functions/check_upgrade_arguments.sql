-- Verify pgsm:functions/check_upgrade_arguments on pg

select 'pgsm_private.check_upgrade_arguments'::regproc;
