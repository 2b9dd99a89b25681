-- Revert pgsm:functions/write_moved_keys from pg

begin;

drop function pgsm_private.write_moved_keys;

commit;
