-- Verify pgsm:functions/cancel_invocations on pg

select 'pgsm_private.cancel_invocations'::regproc;
