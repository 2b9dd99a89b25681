-- Revert pgsm:engine/call_user_set from pg

begin;

drop function pgsm_engine.call_user_set;

commit;
