-- Verify pgsm:functions/insert_definition on pg

select 'pgsm_private.insert_definition'::regproc;
