-- Verify pgsm:functions/delays_of on pg

select 'pgsm_private.delays_of'::regproc;
