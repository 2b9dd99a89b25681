-- Verify pgsm:functions/see_runner on pg

select 'pgsm_private.see_runner'::regproc;
