-- Verify pgsm:functions/preimages_of on pg

select 'pgsm_private.preimages_of'::regproc;
