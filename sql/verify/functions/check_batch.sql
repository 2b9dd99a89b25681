-- Verify pgsm:functions/check_batch on pg

select 'pgsm_private.check_batch'::regproc;
