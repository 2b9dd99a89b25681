-- Revert pgsm:functions/answer_is_late from pg

begin;

drop function pgsm_private.answer_is_late;

commit;
