-- Revert pgsm:functions/heartbeat_effects from pg

begin;

drop function pgsm.heartbeat_effects;

commit;
