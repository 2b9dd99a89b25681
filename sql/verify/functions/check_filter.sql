-- Verify pgsm:functions/check_filter on pg

select 'pgsm_private.check_filter'::regproc;
