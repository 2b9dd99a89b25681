-- Verify pgsm:engine/call_user on pg

select 'pgsm_engine.call_user'::regproc;
