-- Revert pgsm:functions/check_document from pg

begin;

drop function pgsm_private.check_document;

commit;
