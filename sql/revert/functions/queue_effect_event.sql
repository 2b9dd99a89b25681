-- Revert pgsm:functions/queue_effect_event from pg

begin;

drop function pgsm_private.queue_effect_event;

commit;
