-- Verify pgsm:functions/send_event_by_key on pg

select 'pgsm.send_event_by_key'::regproc;
