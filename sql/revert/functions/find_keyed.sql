-- Revert pgsm:functions/find_keyed from pg

begin;

drop function pgsm_private.find_keyed;

commit;
