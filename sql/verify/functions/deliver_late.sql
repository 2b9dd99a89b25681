-- Verify pgsm:functions/deliver_late on pg

select 'pgsm_private.deliver_late'::regproc;
