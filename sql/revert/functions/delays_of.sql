-- Revert pgsm:functions/delays_of from pg

begin;

drop function pgsm_private.delays_of;

commit;
