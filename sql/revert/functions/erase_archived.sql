-- Revert pgsm:functions/erase_archived from pg

begin;

drop function pgsm_private.erase_archived;

commit;
