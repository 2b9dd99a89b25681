-- Revert pgsm:functions/migrate_arguments from pg

begin;

drop function pgsm_private.migrate_arguments;

commit;
