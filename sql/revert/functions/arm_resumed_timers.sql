-- Revert pgsm:functions/arm_resumed_timers from pg

begin;

drop function pgsm_private.arm_resumed_timers;

commit;
