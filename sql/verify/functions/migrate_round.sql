-- Verify pgsm:functions/migrate_round on pg

select 'pgsm_private.migrate_round'::regproc;
