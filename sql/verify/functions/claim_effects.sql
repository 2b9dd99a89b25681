-- Verify pgsm:functions/claim_effects on pg

select 'pgsm.claim_effects'::regproc;
