-- Verify pgsm:views/machine_versions on pg

select 1 from pgsm.machine_versions where false;
