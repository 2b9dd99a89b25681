-- Verify pgsm:views/instances on pg

select 1 from pgsm.instances where false;
