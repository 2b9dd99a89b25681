-- Revert pgsm:functions/check_claim from pg

begin;

drop function pgsm_private.check_claim;

commit;
