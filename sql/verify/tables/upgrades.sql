-- Verify pgsm:tables/upgrades on pg

select 1 from pgsm_private.upgrades where false;
select 1 from pgsm_private.upgrade_preimages where false;
select 1 from pgsm_private.upgrade_failures where false;
