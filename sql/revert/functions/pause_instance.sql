-- Revert pgsm:functions/pause_instance from pg

begin;

drop function pgsm.pause_instance;

commit;
