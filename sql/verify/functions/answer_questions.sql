-- Verify pgsm:functions/answer_questions on pg

select 'pgsm_private.answer_questions'::regproc;
