-- Revert pgsm:functions/answer from pg

begin;

drop function pgsm_private.answer;

commit;
