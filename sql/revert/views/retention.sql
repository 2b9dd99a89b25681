-- Revert pgsm:views/retention from pg

begin;

drop view pgsm.archived_instances;
drop view pgsm.retention_runs;
drop view pgsm.retention;

commit;
