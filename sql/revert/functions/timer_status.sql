-- Revert pgsm:functions/timer_status from pg

begin;

drop function pgsm.timer_status;

commit;
