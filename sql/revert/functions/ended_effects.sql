-- Revert pgsm:functions/ended_effects from pg

begin;

drop function pgsm_private.ended_effects;

commit;
