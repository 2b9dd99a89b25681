-- Revert pgsm:functions/record_timer_failure from pg

begin;

drop function pgsm_private.record_timer_failure;

commit;
