-- Verify pgsm:functions/write_step on pg

select 'pgsm_private.write_step'::regproc;
