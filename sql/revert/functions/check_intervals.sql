-- Revert pgsm:functions/check_intervals from pg

begin;

drop function pgsm_private.check_intervals;

commit;
