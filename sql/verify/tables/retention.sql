-- Verify pgsm:tables/retention on pg

select 1 from pgsm_private.retention where false;
select 1 from pgsm_private.retention_runs where false;
select 1 from pgsm_private.archived_instances where false;
