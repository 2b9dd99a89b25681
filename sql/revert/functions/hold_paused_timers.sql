-- Revert pgsm:functions/hold_paused_timers from pg

begin;

drop function pgsm_private.hold_paused_timers;

commit;
