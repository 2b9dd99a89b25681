-- Verify pgsm:functions/erase_records on pg

select 'pgsm_private.erase_records'::regproc;
