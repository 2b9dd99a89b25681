-- Verify pgsm:functions/insert_message on pg

select 'pgsm_private.insert_message'::regproc;
