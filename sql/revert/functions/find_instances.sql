-- Revert pgsm:functions/find_instances from pg

begin;

drop function pgsm.find_instances;

commit;
