-- Revert pgsm:functions/keep_moved_effects from pg

begin;

drop function pgsm_private.keep_moved_effects;

commit;
