-- Verify pgsm:functions/upgrade_refusal on pg

select 'pgsm_private.upgrade_refusal'::regproc;
