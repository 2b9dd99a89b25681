-- Verify pgsm:tables/settings on pg

select 1 from pgsm_private.settings where false;
