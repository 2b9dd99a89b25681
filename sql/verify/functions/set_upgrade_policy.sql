-- Verify pgsm:functions/set_upgrade_policy on pg

select 'pgsm.set_upgrade_policy'::regproc;
