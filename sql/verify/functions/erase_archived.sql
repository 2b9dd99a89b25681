-- Verify pgsm:functions/erase_archived on pg

select 'pgsm_private.erase_archived'::regproc;
