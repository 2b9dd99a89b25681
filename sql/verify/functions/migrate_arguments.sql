-- Verify pgsm:functions/migrate_arguments on pg

select 'pgsm_private.migrate_arguments'::regproc;
