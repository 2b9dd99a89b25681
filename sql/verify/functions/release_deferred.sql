-- Verify pgsm:functions/release_deferred on pg

select 'pgsm_private.release_deferred'::regproc;
