-- Verify pgsm:functions/set_state on pg

select 'pgsm.set_state'::regproc;
