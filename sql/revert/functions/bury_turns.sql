-- Revert pgsm:functions/bury_turns from pg

begin;

drop function pgsm_private.bury_turns;

commit;
