-- Verify pgsm:functions/invocations_of on pg

select 'pgsm_private.invocations_of'::regproc;
