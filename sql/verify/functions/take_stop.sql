-- Verify pgsm:functions/take_stop on pg

select 'pgsm_private.take_stop'::regproc;
