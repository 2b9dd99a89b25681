-- Revert pgsm:tables/effect_marks from pg

begin;

drop table pgsm_private.effect_marks;

commit;
