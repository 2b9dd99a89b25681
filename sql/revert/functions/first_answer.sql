-- Revert pgsm:functions/first_answer from pg

begin;

drop function pgsm_private.first_answer;

commit;
