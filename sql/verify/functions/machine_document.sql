-- Verify pgsm:functions/machine_document on pg

select 'pgsm_private.machine_document'::regproc;
