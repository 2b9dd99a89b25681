-- Revert pgsm:views/instances from pg

begin;

drop view pgsm.instances;

commit;
