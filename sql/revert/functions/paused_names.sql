-- Revert pgsm:functions/paused_names from pg

begin;

drop function pgsm_private.paused_names;

commit;
