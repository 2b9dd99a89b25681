-- Verify pgsm:functions/cancel_effect on pg

select 'pgsm.cancel_effect'::regproc;
