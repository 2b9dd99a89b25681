-- Revert pgsm:functions/take_upgrade from pg

begin;

drop function pgsm_private.take_upgrade;

commit;
