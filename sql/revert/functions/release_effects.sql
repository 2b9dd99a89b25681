-- Revert pgsm:functions/release_effects from pg

begin;

drop function pgsm.release_effects;

commit;
