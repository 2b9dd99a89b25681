-- Revert pgsm:functions/cancel_timer from pg

begin;

drop function pgsm.cancel_timer;

commit;
