-- Revert pgsm:functions/find_upgrade from pg

begin;

drop function pgsm_private.find_upgrade;

commit;
