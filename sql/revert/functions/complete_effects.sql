-- Revert pgsm:functions/complete_effects from pg

begin;

drop function pgsm.complete_effects;

commit;
