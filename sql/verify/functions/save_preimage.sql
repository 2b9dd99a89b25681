-- Verify pgsm:functions/save_preimage on pg

select 'pgsm_private.save_preimage'::regproc;
