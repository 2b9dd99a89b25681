-- Verify pgsm:functions/check_upgrade_rules on pg

select 'pgsm_private.check_upgrade_rules'::regproc;
