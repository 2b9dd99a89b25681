-- Revert pgsm:functions/see_driver from pg

begin;

drop function pgsm_private.see_driver;

commit;
