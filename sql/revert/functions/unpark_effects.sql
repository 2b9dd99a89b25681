-- Revert pgsm:functions/unpark_effects from pg

begin;

drop function pgsm_private.unpark_effects;

commit;
