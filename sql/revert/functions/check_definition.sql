-- Revert pgsm:functions/check_definition from pg

begin;

drop function pgsm.check_definition;

commit;
