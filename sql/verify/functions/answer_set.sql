-- Verify pgsm:functions/answer_set on pg

select 'pgsm_private.answer_set'::regproc;
