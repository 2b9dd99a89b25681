-- Verify pgsm:functions/replay_instance on pg

select 'pgsm_private.replay_instance'::regproc;
