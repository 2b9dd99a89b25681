-- Revert pgsm:functions/arm_held_timers from pg

begin;

drop function pgsm_private.arm_held_timers;

commit;
