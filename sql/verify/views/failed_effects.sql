-- Verify pgsm:views/failed_effects on pg

select 1 from pgsm.failed_effects where false;
