-- Verify pgsm:functions/post_event on pg

select 'pgsm.post_event'::regproc;
