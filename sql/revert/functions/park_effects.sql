-- Revert pgsm:functions/park_effects from pg

begin;

drop function pgsm_private.park_effects;

commit;
