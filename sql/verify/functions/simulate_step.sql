-- Verify pgsm:functions/simulate_step on pg

select 'pgsm_private.simulate_step'::regproc;
