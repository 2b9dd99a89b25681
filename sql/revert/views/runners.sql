-- Revert pgsm:views/runners from pg

begin;

drop view pgsm.runners;

commit;
