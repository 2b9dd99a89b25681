-- Revert pgsm:functions/stop_waiting from pg

begin;

drop function pgsm.stop_waiting;

commit;
