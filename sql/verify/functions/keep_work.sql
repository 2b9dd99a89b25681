-- Verify pgsm:functions/keep_work on pg

select 'pgsm_private.keep_work'::regproc;
