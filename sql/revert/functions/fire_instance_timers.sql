-- Revert pgsm:functions/fire_instance_timers from pg

begin;

drop function pgsm_private.fire_instance_timers;

commit;
