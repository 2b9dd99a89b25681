-- Verify pgsm:tables/effect_limits on pg

select 1 from pgsm_private.effect_limits where false;
select 1 from pgsm_private.effect_pauses where false;
select 1 from pgsm_private.effect_extensions where false;
