-- Revert pgsm:views/states from pg

begin;

drop view pgsm.states;

commit;
