-- Revert pgsm:functions/replay_rows from pg

begin;

drop function pgsm_private.replay_rows;

commit;
