-- Revert pgsm:functions/find_instance from pg

begin;

drop function pgsm_private.find_instance;

commit;
