-- Revert pgsm:functions/effect_heads from pg

begin;

drop function pgsm_private.effect_heads;

commit;
