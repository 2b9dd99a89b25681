-- Verify pgsm:functions/answer_is_late on pg

select 'pgsm_private.answer_is_late'::regproc;
