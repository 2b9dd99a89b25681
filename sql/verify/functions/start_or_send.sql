-- Verify pgsm:functions/start_or_send on pg

select 'pgsm.start_or_send'::regproc;
