-- Verify pgsm:functions/paused_names on pg

select 'pgsm_private.paused_names'::regproc;
