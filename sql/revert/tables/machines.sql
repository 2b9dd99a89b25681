-- Revert pgsm:tables/machines from pg

begin;

alter table pgsm_private.machines drop constraint machines_current_version_fkey;
drop table pgsm_private.machine_versions;
drop table pgsm_private.machines;

commit;
