-- Revert pgsm:functions/cancel_effects from pg

begin;

drop function pgsm_private.cancel_effects;

commit;
