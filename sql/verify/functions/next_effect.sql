-- Verify pgsm:functions/next_effect on pg

select 'pgsm_private.next_effect'::regproc;
