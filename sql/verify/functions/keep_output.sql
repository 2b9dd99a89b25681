-- Verify pgsm:functions/keep_output on pg

select 'pgsm_private.keep_output'::regproc;
