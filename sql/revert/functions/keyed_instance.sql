-- Revert pgsm:functions/keyed_instance from pg

begin;

drop function pgsm_private.keyed_instance;

commit;
