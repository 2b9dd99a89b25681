-- Revert pgsm:functions/erase_instance from pg

begin;

drop function pgsm.erase_instance;

commit;
