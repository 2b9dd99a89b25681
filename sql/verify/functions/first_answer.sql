-- Verify pgsm:functions/first_answer on pg

select 'pgsm_private.first_answer'::regproc;
