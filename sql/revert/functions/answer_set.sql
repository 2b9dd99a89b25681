-- Revert pgsm:functions/answer_set from pg

begin;

drop function pgsm_private.answer_set;

commit;
