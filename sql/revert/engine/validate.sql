-- Revert pgsm:engine/validate from pg

begin;

drop function pgsm_engine.validate;

commit;
