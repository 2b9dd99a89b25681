-- Verify pgsm:functions/deliver_output on pg

select 'pgsm_private.deliver_output'::regproc;
