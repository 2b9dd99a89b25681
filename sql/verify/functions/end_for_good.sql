-- Verify pgsm:functions/end_for_good on pg

select 'pgsm_private.end_for_good'::regproc;
