-- Revert pgsm:views/upgrades from pg

begin;

drop view pgsm.upgrade_failures;
drop view pgsm.upgrades;

commit;
