-- Revert pgsm:functions/drivers_may_run from pg

begin;

drop function pgsm_private.drivers_may_run;

commit;
