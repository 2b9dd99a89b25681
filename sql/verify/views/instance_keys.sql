-- Verify pgsm:views/instance_keys on pg

select 1 from pgsm.instance_keys where false;
