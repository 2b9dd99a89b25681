-- Revert pgsm:functions/answer_block from pg

begin;

drop function pgsm_private.answer_block;

commit;
