-- Verify pgsm:functions/send_round on pg

select 'pgsm_private.send_round'::regproc;
