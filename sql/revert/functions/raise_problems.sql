-- Revert pgsm:functions/raise_problems from pg

begin;

drop function pgsm_private.raise_problems;

commit;
