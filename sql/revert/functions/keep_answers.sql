-- Revert pgsm:functions/keep_answers from pg

begin;

drop function pgsm_private.keep_answers;

commit;
