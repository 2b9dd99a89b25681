-- Revert pgsm:functions/preimage_of from pg

begin;

drop function pgsm_private.preimage_of;

commit;
