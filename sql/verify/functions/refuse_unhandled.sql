-- Verify pgsm:functions/refuse_unhandled on pg

select 'pgsm_private.refuse_unhandled'::regproc;
