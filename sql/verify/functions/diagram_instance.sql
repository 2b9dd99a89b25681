-- Verify pgsm:functions/diagram_instance on pg

select 'pgsm.diagram_instance'::regproc;
