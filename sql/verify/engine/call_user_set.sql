-- Verify pgsm:engine/call_user_set on pg

select 'pgsm_engine.call_user_set'::regproc;
