-- Verify pgsm:functions/write_round on pg

select 'pgsm_private.write_round'::regproc;
