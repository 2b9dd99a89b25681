-- Revert pgsm:functions/hold_back_effects from pg

begin;

drop function pgsm_private.hold_back_effects;

commit;
