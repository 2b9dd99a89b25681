-- Revert pgsm:functions/end_effect from pg

begin;

drop function pgsm_private.end_effect;

commit;
