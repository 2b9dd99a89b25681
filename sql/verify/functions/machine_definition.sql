-- Verify pgsm:functions/machine_definition on pg

select 'pgsm.machine_definition'::regproc;
