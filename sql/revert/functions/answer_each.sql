-- Revert pgsm:functions/answer_each from pg

begin;

drop function pgsm_private.answer_each;

commit;
