-- Revert pgsm:functions/machine_document from pg

begin;

drop function pgsm_private.machine_document;

commit;
