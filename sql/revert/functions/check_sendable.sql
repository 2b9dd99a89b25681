-- Revert pgsm:functions/check_sendable from pg

begin;

drop function pgsm_private.check_sendable;

commit;
