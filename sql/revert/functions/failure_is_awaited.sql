-- Revert pgsm:functions/failure_is_awaited from pg

begin;

drop function pgsm_private.failure_is_awaited;

commit;
