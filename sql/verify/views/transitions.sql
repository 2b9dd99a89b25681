-- Verify pgsm:views/transitions on pg

select 1 from pgsm.transitions where false;
