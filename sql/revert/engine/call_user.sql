-- Revert pgsm:engine/call_user from pg

begin;

drop function pgsm_engine.call_user;

commit;
