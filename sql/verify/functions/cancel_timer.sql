-- Verify pgsm:functions/cancel_timer on pg

select 'pgsm.cancel_timer'::regproc;
