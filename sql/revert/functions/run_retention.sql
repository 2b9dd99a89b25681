-- Revert pgsm:functions/run_retention from pg

begin;

drop procedure pgsm.run_retention;
drop function pgsm.end_retention;
drop function pgsm.begin_retention;

commit;
