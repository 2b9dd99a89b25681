-- Verify pgsm:functions/complete_effect on pg

select 'pgsm_private.complete_effect'::regproc;
