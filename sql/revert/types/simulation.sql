-- Revert pgsm:types/simulation from pg

begin;

drop type pgsm.simulation;

commit;
