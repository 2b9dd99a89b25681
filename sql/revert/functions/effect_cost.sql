-- Revert pgsm:functions/effect_cost from pg

begin;

drop function pgsm_private.effect_cost;

commit;
