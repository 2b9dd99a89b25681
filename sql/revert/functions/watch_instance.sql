-- Revert pgsm:functions/watch_instance from pg

begin;

drop function pgsm.watch_instance;

commit;
