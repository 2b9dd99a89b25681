-- Verify pgsm:functions/keep_answer on pg

select 'pgsm_private.keep_answer'::regproc;
