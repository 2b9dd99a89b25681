-- Revert pgsm:functions/lock_instances from pg

begin;

drop function pgsm_private.lock_instances;

commit;
