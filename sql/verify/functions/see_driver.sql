-- Verify pgsm:functions/see_driver on pg

select 'pgsm_private.see_driver'::regproc;
