-- Verify pgsm:functions/notify_watchers on pg

select 'pgsm_private.notify_watchers'::regproc;
