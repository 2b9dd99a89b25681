-- Revert pgsm:functions/lock_instance from pg

begin;

drop function pgsm_private.lock_instance;

commit;
