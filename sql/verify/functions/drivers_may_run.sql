-- Verify pgsm:functions/drivers_may_run on pg

select 'pgsm_private.drivers_may_run'::regproc;
