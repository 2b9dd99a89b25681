-- Revert pgsm:functions/lock_effect from pg

begin;

drop function pgsm_private.lock_effect;

commit;
