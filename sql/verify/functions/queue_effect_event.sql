-- Verify pgsm:functions/queue_effect_event on pg

select 'pgsm_private.queue_effect_event'::regproc;
