-- Verify pgsm:tables/effects on pg

select 1 from pgsm_private.effects where false;
select 1 from pgsm_private.runners where false;
