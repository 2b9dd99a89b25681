-- Verify pgsm:functions/check_document on pg

select 'pgsm_private.check_document'::regproc;
