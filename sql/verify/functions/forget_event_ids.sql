-- Verify pgsm:functions/forget_event_ids on pg

select 'pgsm.forget_event_ids'::regproc;
