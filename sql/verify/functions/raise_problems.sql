-- Verify pgsm:functions/raise_problems on pg

select 'pgsm_private.raise_problems'::regproc;
