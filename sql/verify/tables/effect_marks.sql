-- Verify pgsm:tables/effect_marks on pg

select 1 from pgsm_private.effect_marks where false;
