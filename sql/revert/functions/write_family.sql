-- Revert pgsm:functions/write_family from pg

begin;

drop function pgsm_private.write_family;

commit;
