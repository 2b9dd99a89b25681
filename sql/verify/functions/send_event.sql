-- Verify pgsm:functions/send_event on pg

select 'pgsm.send_event'::regproc;
