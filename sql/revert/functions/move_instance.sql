-- Revert pgsm:functions/move_instance from pg

begin;

drop function pgsm_private.move_instance;

commit;
