-- Revert pgsm:functions/remove_tombstone from pg

begin;

drop function pgsm_private.remove_tombstone;

commit;
