-- Revert pgsm:functions/check_filter from pg

begin;

drop function pgsm_private.check_filter;

commit;
