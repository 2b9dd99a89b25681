-- Verify pgsm:functions/cancel_sent on pg

select 'pgsm_private.cancel_sent'::regproc;
