-- Verify pgsm:functions/check_intervals on pg

select 'pgsm_private.check_intervals'::regproc;
