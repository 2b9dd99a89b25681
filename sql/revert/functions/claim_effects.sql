-- Revert pgsm:functions/claim_effects from pg

begin;

drop function pgsm.claim_effects;

commit;
