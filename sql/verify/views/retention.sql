-- Verify pgsm:views/retention on pg

select 1 from pgsm.retention where false;
select 1 from pgsm.retention_runs where false;
select 1 from pgsm.archived_instances where false;
