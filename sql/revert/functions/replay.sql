-- Revert pgsm:functions/replay from pg

begin;

drop function pgsm.replay;

commit;
