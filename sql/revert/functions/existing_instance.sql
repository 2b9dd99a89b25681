-- Revert pgsm:functions/existing_instance from pg

begin;

drop function pgsm_private.existing_instance;

commit;
