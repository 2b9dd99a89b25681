-- Verify pgsm:functions/drop_delayed on pg

select 'pgsm_private.drop_delayed'::regproc;
