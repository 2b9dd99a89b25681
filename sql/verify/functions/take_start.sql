-- Verify pgsm:functions/take_start on pg

select 'pgsm_private.take_start'::regproc;
