-- Revert pgsm:functions/insert_timers from pg

begin;

drop function pgsm_private.insert_timers;

commit;
