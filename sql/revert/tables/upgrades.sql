-- Revert pgsm:tables/upgrades from pg

begin;

drop table pgsm_private.upgrade_failures;
drop table pgsm_private.upgrade_preimages;
drop table pgsm_private.upgrades;

commit;
