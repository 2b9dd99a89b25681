-- Verify pgsm:functions/send_events on pg

select 'pgsm.send_events'::regproc;
