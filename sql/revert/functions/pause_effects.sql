-- Revert pgsm:functions/pause_effects from pg

begin;

drop function pgsm.pause_effects;

commit;
