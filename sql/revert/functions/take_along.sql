-- Revert pgsm:functions/take_along from pg

begin;

drop function pgsm_private.take_along;

commit;
