-- Revert pgsm:functions/effect_interval from pg

begin;

drop function pgsm_private.effect_interval;

commit;
