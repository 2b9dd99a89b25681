-- Revert pgsm:functions/spend_effect_limits from pg

begin;

drop function pgsm_private.spend_effect_limits;

commit;
