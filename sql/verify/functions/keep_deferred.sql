-- Verify pgsm:functions/keep_deferred on pg

select 'pgsm_private.keep_deferred'::regproc;
