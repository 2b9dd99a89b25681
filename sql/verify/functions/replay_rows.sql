-- Verify pgsm:functions/replay_rows on pg

select 'pgsm_private.replay_rows'::regproc;
