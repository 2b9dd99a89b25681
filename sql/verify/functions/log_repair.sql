-- Verify pgsm:functions/log_repair on pg

select 'pgsm_private.log_repair'::regproc;
