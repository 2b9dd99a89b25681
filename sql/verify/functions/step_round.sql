-- Verify pgsm:functions/step_round on pg

select 'pgsm_private.step_round'::regproc;
