-- Revert pgsm:functions/next_effect from pg

begin;

drop function pgsm_private.next_effect;

commit;
