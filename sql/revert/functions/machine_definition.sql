-- Revert pgsm:functions/machine_definition from pg

begin;

drop function pgsm.machine_definition;

commit;
