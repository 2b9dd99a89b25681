-- Revert pgsm:functions/prune_preimages from pg

begin;

drop function pgsm_private.prune_preimages;

commit;
