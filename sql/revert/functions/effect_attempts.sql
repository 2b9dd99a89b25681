-- Revert pgsm:functions/effect_attempts from pg

begin;

drop function pgsm_private.effect_attempts;

commit;
