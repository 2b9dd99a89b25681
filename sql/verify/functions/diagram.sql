-- Verify pgsm:functions/diagram on pg

select 'pgsm.diagram'::regproc;
