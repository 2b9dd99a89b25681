-- Revert pgsm:views/failed_effects from pg

begin;

drop view pgsm.failed_effects;

commit;
