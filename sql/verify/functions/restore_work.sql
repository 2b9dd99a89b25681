-- Verify pgsm:functions/restore_work on pg

select 'pgsm_private.restore_work'::regproc;
