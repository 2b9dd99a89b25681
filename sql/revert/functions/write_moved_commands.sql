-- Revert pgsm:functions/write_moved_commands from pg

begin;

drop function pgsm_private.write_moved_commands;

commit;
