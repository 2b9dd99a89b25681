-- Verify pgsm:views/upgrades on pg

select 1 from pgsm.upgrades where false;
select 1 from pgsm.upgrade_failures where false;
