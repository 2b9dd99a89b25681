-- Revert pgsm:functions/cancel_invocations from pg

begin;

drop function pgsm_private.cancel_invocations;

commit;
