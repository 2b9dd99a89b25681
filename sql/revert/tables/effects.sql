-- Revert pgsm:tables/effects from pg

begin;

drop table pgsm_private.runners;
drop table pgsm_private.effects;

commit;
