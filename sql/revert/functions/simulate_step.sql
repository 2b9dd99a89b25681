-- Revert pgsm:functions/simulate_step from pg

begin;

drop function pgsm_private.simulate_step;

commit;
