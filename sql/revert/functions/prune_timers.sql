-- Revert pgsm:functions/prune_timers from pg

begin;

drop function pgsm_private.prune_timers;

commit;
