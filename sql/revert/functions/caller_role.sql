-- Revert pgsm:functions/caller_role from pg

begin;

drop function pgsm_private.caller_role;

commit;
