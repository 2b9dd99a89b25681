-- Revert pgsm:types/snapshot from pg

begin;

drop type pgsm.snapshot;

commit;
