-- Verify pgsm:functions/message_source on pg

select 'pgsm_private.message_source'::regproc;
