-- Verify pgsm:functions/end_state_work on pg

select 'pgsm_private.end_state_work'::regproc;
