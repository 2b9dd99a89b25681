-- Revert pgsm:functions/check_function from pg

begin;

drop function pgsm_private.check_function;

commit;
