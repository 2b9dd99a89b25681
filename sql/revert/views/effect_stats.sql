-- Revert pgsm:views/effect_stats from pg

begin;

drop view pgsm.effect_stats;

commit;
