-- Revert pgsm:functions/delete_instance from pg

begin;

drop function pgsm.delete_instance;

commit;
