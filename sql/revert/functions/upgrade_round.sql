-- Revert pgsm:functions/upgrade_round from pg

begin;

drop function pgsm_private.upgrade_round;

commit;
