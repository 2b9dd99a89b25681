-- Revert pgsm:functions/deliver_effect_event from pg

begin;

drop function pgsm_private.deliver_effect_event;

commit;
