-- Verify pgsm:tables/instances on pg

select 1 from pgsm_private.instances where false;
select 1 from pgsm_private.instance_keys where false;
select 1 from pgsm_private.event_ids where false;
