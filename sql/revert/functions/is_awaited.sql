-- Revert pgsm:functions/is_awaited from pg

begin;

drop function pgsm_private.is_awaited;

commit;
