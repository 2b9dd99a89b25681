-- Revert pgsm:tables/definitions from pg

begin;

drop table pgsm_private.implementations;
drop table pgsm_private.invocations;
drop table pgsm_private.actions;
drop table pgsm_private.transitions;
drop table pgsm_private.states;

commit;
