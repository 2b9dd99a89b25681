-- Verify pgsm:functions/answer_each on pg

select 'pgsm_private.answer_each'::regproc;
