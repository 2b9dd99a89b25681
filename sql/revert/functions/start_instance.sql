-- Revert pgsm:functions/start_instance from pg

begin;

drop function pgsm.start_instance;

commit;
