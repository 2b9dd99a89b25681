-- Revert pgsm:functions/fire_instances from pg

begin;

drop function pgsm_private.fire_instances;

commit;
