-- Revert pgsm:functions/answer_questions from pg

begin;

drop function pgsm_private.answer_questions;

commit;
