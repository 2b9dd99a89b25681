-- Revert pgsm:functions/set_retention from pg

begin;

drop function pgsm.reset_retention;
drop function pgsm.set_retention;
drop function pgsm_private.check_retention;

commit;
