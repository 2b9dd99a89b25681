-- Revert pgsm:functions/keep_deferred from pg

begin;

drop function pgsm_private.keep_deferred;

commit;
