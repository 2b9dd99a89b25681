-- Revert pgsm:functions/repair_timer from pg

begin;

drop function pgsm_private.repair_timer;

commit;
