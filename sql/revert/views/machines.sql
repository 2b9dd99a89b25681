-- Revert pgsm:views/machines from pg

begin;

drop view pgsm.machines;

commit;
