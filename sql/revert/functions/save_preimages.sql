-- Revert pgsm:functions/save_preimages from pg

begin;

drop function pgsm_private.save_preimages;

commit;
