-- Revert pgsm:functions/retention_cutoffs from pg

begin;

drop function pgsm_private.retention_cutoffs;

commit;
