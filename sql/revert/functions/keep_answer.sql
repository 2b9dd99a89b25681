-- Revert pgsm:functions/keep_answer from pg

begin;

drop function pgsm_private.keep_answer;

commit;
