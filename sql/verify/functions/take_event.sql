-- Verify pgsm:functions/take_event on pg

select 'pgsm_private.take_event'::regproc;
