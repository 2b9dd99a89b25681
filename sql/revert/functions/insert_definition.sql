-- Revert pgsm:functions/insert_definition from pg

begin;

drop function pgsm_private.insert_definition;

commit;
