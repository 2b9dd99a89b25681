-- Revert pgsm:functions/see_runner from pg

begin;

drop function pgsm_private.see_runner;

commit;
