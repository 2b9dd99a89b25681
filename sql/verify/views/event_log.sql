-- Verify pgsm:views/event_log on pg

select 1 from pgsm.event_log where false;
