-- Revert pgsm:functions/write_commands from pg

begin;

drop function pgsm_private.write_commands;

commit;
