-- Revert pgsm:roles/roles from pg
--
-- Roles belong to the cluster and may serve another database: none is dropped.

select 1;
