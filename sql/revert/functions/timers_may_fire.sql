-- Revert pgsm:functions/timers_may_fire from pg

begin;

drop function pgsm_private.timers_may_fire;

commit;
