-- Verify pgsm:functions/simulate_event on pg

select 'pgsm.simulate_event'::regproc;
