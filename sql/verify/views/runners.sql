-- Verify pgsm:views/runners on pg

select 1 from pgsm.runners where false;
