-- Revert pgsm:functions/erase_records from pg

begin;

drop function pgsm_private.erase_records;

commit;
