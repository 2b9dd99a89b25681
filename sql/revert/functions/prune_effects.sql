-- Revert pgsm:functions/prune_effects from pg

begin;

drop function pgsm_private.prune_effects;

commit;
