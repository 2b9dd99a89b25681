-- Verify pgsm:functions/notify_runners on pg

select 'pgsm_private.notify_runners'::regproc;
