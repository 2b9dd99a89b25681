-- Verify pgsm:functions/check_claim on pg

select 'pgsm_private.check_claim'::regproc;
