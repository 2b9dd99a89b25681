-- Revert pgsm:functions/release_deferred from pg

begin;

drop function pgsm_private.release_deferred;

commit;
