-- Verify pgsm:tables/machines on pg

select 1 from pgsm_private.machines where false;
select 1 from pgsm_private.machine_versions where false;
