-- Revert pgsm:functions/invocations_of from pg

begin;

drop function pgsm_private.invocations_of;

commit;
