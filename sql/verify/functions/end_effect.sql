-- Verify pgsm:functions/end_effect on pg

select 'pgsm_private.end_effect'::regproc;
