-- Revert pgsm:functions/step_round from pg

begin;

drop function pgsm_private.step_round;

commit;
