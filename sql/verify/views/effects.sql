-- Verify pgsm:views/effects on pg

select 1 from pgsm.effects where false;
