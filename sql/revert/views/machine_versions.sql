-- Revert pgsm:views/machine_versions from pg

begin;

drop view pgsm.machine_versions;

commit;
