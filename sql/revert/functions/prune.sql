-- Revert pgsm:functions/prune from pg

begin;

drop function pgsm.prune;

commit;
