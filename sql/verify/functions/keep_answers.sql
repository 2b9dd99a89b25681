-- Verify pgsm:functions/keep_answers on pg

select 'pgsm_private.keep_answers'::regproc;
