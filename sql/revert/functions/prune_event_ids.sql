-- Revert pgsm:functions/prune_event_ids from pg

begin;

drop function pgsm_private.prune_event_ids;

commit;
