-- Revert pgsm:functions/limit_effects from pg

begin;

drop function pgsm.limit_effects;

commit;
