-- Revert pgsm:functions/replay_instance from pg

begin;

drop function pgsm_private.replay_instance;

commit;
