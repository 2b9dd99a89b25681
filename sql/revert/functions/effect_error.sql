-- Revert pgsm:functions/effect_error from pg

begin;

drop function pgsm_private.effect_error;

commit;
