-- Verify pgsm:functions/answer on pg

select 'pgsm_private.answer'::regproc;
