-- Revert pgsm:functions/complete_preimage from pg

begin;

drop function pgsm_private.complete_preimage;

commit;
