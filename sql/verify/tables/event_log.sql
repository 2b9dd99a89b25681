-- Verify pgsm:tables/event_log on pg

select 1 from pgsm_private.event_log where false;
select 1 from pgsm_private.event_log_default where false;
