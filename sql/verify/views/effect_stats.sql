-- Verify pgsm:views/effect_stats on pg

select 1 from pgsm.effect_stats where false;
