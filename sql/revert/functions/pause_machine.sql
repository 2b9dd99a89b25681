-- Revert pgsm:functions/pause_machine from pg

begin;

drop function pgsm.pause_machine;

commit;
