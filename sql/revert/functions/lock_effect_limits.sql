-- Revert pgsm:functions/lock_effect_limits from pg

begin;

drop function pgsm_private.lock_effect_limits;

commit;
