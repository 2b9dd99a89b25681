-- Verify pgsm:views/effect_names on pg

select 1 from pgsm.effect_names where false;
