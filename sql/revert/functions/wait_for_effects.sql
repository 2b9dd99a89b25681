-- Revert pgsm:functions/wait_for_effects from pg

begin;

drop function pgsm.wait_for_effects;

commit;
