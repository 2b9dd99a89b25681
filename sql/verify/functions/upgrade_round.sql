-- Verify pgsm:functions/upgrade_round on pg

select 'pgsm_private.upgrade_round'::regproc;
