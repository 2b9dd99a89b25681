-- Revert pgsm:functions/diagram_instance from pg

begin;

drop function pgsm.diagram_instance;

commit;
