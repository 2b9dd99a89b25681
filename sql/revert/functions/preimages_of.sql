-- Revert pgsm:functions/preimages_of from pg

begin;

drop function pgsm_private.preimages_of;

commit;
