-- Revert pgsm:functions/evaluate from pg

begin;

drop function pgsm_private.evaluate;

commit;
