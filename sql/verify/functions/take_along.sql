-- Verify pgsm:functions/take_along on pg

select 'pgsm_private.take_along'::regproc;
