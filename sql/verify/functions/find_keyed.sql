-- Verify pgsm:functions/find_keyed on pg

select 'pgsm_private.find_keyed'::regproc;
