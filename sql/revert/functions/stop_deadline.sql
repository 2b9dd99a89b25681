-- Revert pgsm:functions/stop_deadline from pg

begin;

drop function pgsm_private.stop_deadline;

commit;
