-- Revert pgsm:functions/now from pg

begin;

drop function pgsm_private.now;

commit;
