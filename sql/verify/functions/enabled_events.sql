-- Verify pgsm:functions/enabled_events on pg

select 'pgsm.enabled_events'::regproc;
