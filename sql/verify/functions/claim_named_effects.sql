-- Verify pgsm:functions/claim_named_effects on pg

select 'pgsm_private.claim_named_effects'::regproc;
