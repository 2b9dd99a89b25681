-- Revert pgsm:tables/effect_limits from pg

begin;

drop table pgsm_private.effect_extensions;
drop table pgsm_private.effect_pauses;
drop table pgsm_private.effect_limits;

commit;
