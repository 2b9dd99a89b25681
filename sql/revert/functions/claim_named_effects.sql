-- Revert pgsm:functions/claim_named_effects from pg

begin;

drop function pgsm_private.claim_named_effects;

commit;
