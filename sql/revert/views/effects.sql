-- Revert pgsm:views/effects from pg

begin;

drop view pgsm.effects;

commit;
