-- Verify pgsm:functions/prune_event_ids on pg

select 'pgsm_private.prune_event_ids'::regproc;
