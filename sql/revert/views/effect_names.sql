-- Revert pgsm:views/effect_names from pg

begin;

drop view pgsm.effect_names;

commit;
