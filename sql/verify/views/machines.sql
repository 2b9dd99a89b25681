-- Verify pgsm:views/machines on pg

select 1 from pgsm.machines where false;
