-- Verify pgsm:functions/upgrade_hops on pg

select 'pgsm_private.upgrade_hops'::regproc;
