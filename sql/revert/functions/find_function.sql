-- Revert pgsm:functions/find_function from pg

begin;

drop function pgsm_private.find_function;

commit;
