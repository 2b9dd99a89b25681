-- Verify pgsm:functions/heartbeat_effects on pg

select 'pgsm.heartbeat_effects'::regproc;
