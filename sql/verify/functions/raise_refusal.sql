-- Verify pgsm:functions/raise_refusal on pg

select 'pgsm_private.raise_refusal'::regproc;
