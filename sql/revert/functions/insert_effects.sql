-- Revert pgsm:functions/insert_effects from pg

begin;

drop function pgsm_private.insert_effects;

commit;
