-- Verify pgsm:functions/raise_upgrade_refusal on pg

select 'pgsm_private.raise_upgrade_refusal'::regproc;
