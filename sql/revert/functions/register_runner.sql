-- Revert pgsm:functions/register_runner from pg

begin;

drop function pgsm.register_runner;

commit;
