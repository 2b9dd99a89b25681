-- Verify pgsm:functions/evaluate on pg

select 'pgsm_private.evaluate'::regproc;
