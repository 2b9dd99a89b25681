-- Revert pgsm:functions/diagram from pg

begin;

drop function pgsm.diagram;

commit;
