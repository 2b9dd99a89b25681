-- Verify pgsm:functions/now on pg

select 'pgsm_private.now'::regproc;
