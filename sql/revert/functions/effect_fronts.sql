-- Revert pgsm:functions/effect_fronts from pg

begin;

drop function pgsm_private.effect_fronts;

commit;
