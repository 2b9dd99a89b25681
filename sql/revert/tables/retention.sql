-- Revert pgsm:tables/retention from pg

begin;

drop table pgsm_private.archived_instances;
drop table pgsm_private.retention_runs;
drop table pgsm_private.retention;

commit;
