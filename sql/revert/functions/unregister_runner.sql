-- Revert pgsm:functions/unregister_runner from pg

begin;

drop function pgsm.unregister_runner;

commit;
