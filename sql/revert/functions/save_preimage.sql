-- Revert pgsm:functions/save_preimage from pg

begin;

drop function pgsm_private.save_preimage;

commit;
