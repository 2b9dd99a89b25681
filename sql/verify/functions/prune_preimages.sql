-- Verify pgsm:functions/prune_preimages on pg

select 'pgsm_private.prune_preimages'::regproc;
