-- Revert pgsm:functions/sweep_effects from pg

begin;

drop function pgsm_private.sweep_effects;

commit;
