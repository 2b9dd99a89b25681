-- Verify pgsm:functions/actor on pg

select 'pgsm_private.actor'::regproc;
