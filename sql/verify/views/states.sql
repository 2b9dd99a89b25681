-- Verify pgsm:views/states on pg

select 1 from pgsm.states where false;
