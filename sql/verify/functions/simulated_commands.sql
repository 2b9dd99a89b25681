-- Verify pgsm:functions/simulated_commands on pg

select 'pgsm_private.simulated_commands'::regproc;
