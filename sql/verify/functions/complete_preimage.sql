-- Verify pgsm:functions/complete_preimage on pg

select 'pgsm_private.complete_preimage'::regproc;
