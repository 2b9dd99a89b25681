-- Verify pgsm:functions/answer_block on pg

select 'pgsm_private.answer_block'::regproc;
