-- Verify pgsm:functions/time_text on pg

select 'pgsm_private.time_text'::regproc;
