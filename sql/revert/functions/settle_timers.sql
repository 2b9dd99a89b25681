-- Revert pgsm:functions/settle_timers from pg

begin;

drop function pgsm_private.settle_timers;

commit;
