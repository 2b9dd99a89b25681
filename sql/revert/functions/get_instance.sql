-- Revert pgsm:functions/get_instance from pg

begin;

drop function pgsm.get_instance;

commit;
