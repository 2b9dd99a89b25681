-- Verify pgsm:functions/save_preimages on pg

select 'pgsm_private.save_preimages'::regproc;
