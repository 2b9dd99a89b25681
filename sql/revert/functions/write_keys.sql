-- Revert pgsm:functions/write_keys from pg

begin;

drop function pgsm_private.write_keys;

commit;
