-- Verify pgsm:functions/preimage_of on pg

select 'pgsm_private.preimage_of'::regproc;
