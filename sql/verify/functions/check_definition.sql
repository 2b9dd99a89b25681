-- Verify pgsm:functions/check_definition on pg

select 'pgsm.check_definition'::regproc;
