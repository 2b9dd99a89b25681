-- Revert pgsm:functions/stop_instance from pg

begin;

drop function pgsm.stop_instance;

commit;
