-- Revert pgsm:functions/complete_effect from pg

begin;

drop function pgsm_private.complete_effect;

commit;
