-- Revert pgsm:functions/check_upgrade from pg

begin;

drop function pgsm.check_upgrade;

commit;
