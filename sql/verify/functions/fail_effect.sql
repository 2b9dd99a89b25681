-- Verify pgsm:functions/fail_effect on pg

select 'pgsm.fail_effect'::regproc;
