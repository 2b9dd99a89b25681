-- Revert pgsm:functions/simulated_commands from pg

begin;

drop function pgsm_private.simulated_commands;

commit;
