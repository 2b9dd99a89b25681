-- Revert pgsm:functions/is_locked from pg

begin;

drop function pgsm_private.is_locked;

commit;
