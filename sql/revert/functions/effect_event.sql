-- Revert pgsm:functions/effect_event from pg

begin;

drop function pgsm_private.effect_event;

commit;
