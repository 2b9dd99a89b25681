-- Revert pgsm:functions/effect_room from pg

begin;

drop function pgsm_private.effect_room;

commit;
