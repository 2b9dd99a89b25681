-- Revert pgsm:functions/release_next_effect from pg

begin;

drop function pgsm_private.release_next_effect;

commit;
